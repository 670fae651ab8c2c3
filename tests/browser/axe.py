"""axe-core, which judges whether a page in its current state is accessible."""

from functools import cache

from playwright.sync_api import Page

from web.build.scripts import node_package

RUN = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
}"""


@cache
def _source() -> str:
    return (node_package("axe-core") / "axe.min.js").read_text()


def violations(page: Page) -> list[str]:
    """Rule and elements of each violation."""
    page.evaluate(_source() + "\n0;")
    found: list[str] = page.evaluate(RUN)
    return found
