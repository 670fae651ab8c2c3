"""What a site has, before anything of it is loaded; and a hash that the page demands of it."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.parity import open_harness
from tests.browser.server import Host, Hosting
from tests.browser.sites import model_of, variant_of

MODEL = "mobilenet_emotion"


@pytest.fixture
def host(small_site: Path, page: Page, host_of: Hosting) -> Host:
    host = host_of(small_site)
    open_harness(page, host)
    return host


def test_models_are_listed_before_one_is_loaded(page: Page, host: Host) -> None:
    host.requests.clear()
    listed = page.evaluate("torch2web.listModels()")
    (model,) = listed
    assert model["name"] == MODEL
    assert model["task"] == "classification"
    assert model["labels"] == model_of(host.site, MODEL)["labels"]
    parts = variant_of(host.site, MODEL)["weights"]["parts"]
    assert model["bytes"] > sum(part["size"] for part in parts)
    assert not any(path.startswith("models/parts/") for path in host.requests)


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize("call", ["listModels(undefined, options)", "loadModel(name, options)"])
def test_wrong_integrity_is_refused(page: Page, call: str) -> None:
    """A hash of another file, and a text that is none."""
    errors = page.evaluate(
        f"""async (name) => {{
            const errors = [];
            for (const integrity of ["sha256-" + "A".repeat(43) + "=", "sha384-AAAA"]) {{
                const options = {{ integrity }};
                errors.push(await Promise.resolve().then(() => torch2web.{call}).catch(probe.describe));
            }}
            return errors;
        }}""",
        MODEL,
    )
    assert [error.get("error") for error in errors] == ["IntegrityError", "RangeError"]
    assert errors[0]["url"].endswith("models/model_info.json")
    assert errors[0]["expected"] == "0" * 64
