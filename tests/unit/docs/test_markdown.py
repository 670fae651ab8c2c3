"""Markdown is rendered as on GitHub, with links between the pages of a site."""

import pytest

from web.build.docs.contents import Entry
from web.build.docs.markdown import anchors_of, render_markdown

LINKS = {
    "a.md": Entry("Page A", "a.md"),
    "../web/loader/torch2web.ts": Entry("API", "../web/loader/torch2web.ts"),
}


def body_of(text: str) -> str:
    return render_markdown(f"# Title\n\n{text}\n", LINKS).body


def test_anchors_are_githubs() -> None:
    text = "# A\n## S3 and compatible storage\n## `model_info.json` & more\n## Which – resize?\n## A\n"
    assert anchors_of(text) == {
        "a",
        "s3-and-compatible-storage",
        "model_infojson--more",
        "which--resize",
        "a-1",
    }


def test_headings_are_listed() -> None:
    rendered = render_markdown("# Title\n## One `code`\n### Two\n", LINKS)
    assert rendered.title == "Title"
    assert [(heading.level, heading.text) for heading in rendered.headings] == [(2, "One code"), (3, "Two")]
    assert '<h2 id="one-code">One <code>code</code> <a class="anchor" href="#one-code"' in rendered.body


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("[x](a.md)", '<a href="a.html">x</a>'),
        ("[x](a.md#b)", '<a href="a.html#b">x</a>'),
        ("[a.md](a.md)", '<a href="a.html">Page A</a>'),
        ("[x](../web/loader/torch2web.ts)", '<a href="api.html">x</a>'),
        ("[x](#b)", '<a href="#b">x</a>'),
        ("[x](https://example.org/)", '<a href="https://example.org/">x</a>'),
        ("see [`x`](../converter/x.py).", "<p>see <code>x</code>.</p>"),
    ],
)
def test_links(markdown: str, expected: str) -> None:
    assert expected in body_of(markdown)


def test_code_is_escaped_and_tables_scroll() -> None:
    assert '<pre tabindex="0"><code>a &lt; b &amp;&amp; c</code></pre>' in body_of("```js\na < b && c\n```")
    assert '<div class="scroll" tabindex="0"' in body_of("| a | b |\n|---|---|\n| `x|y` | 1 |")


def test_symbols_are_linked_in_code_alone() -> None:
    body = render_markdown("# T\n\nModel `predict(): Model` `RemoteModel`", {}, {"Model": "#model"}).body
    assert body.count('<a href="#model">Model</a>') == 1


def test_comments_are_dropped_and_html_is_refused() -> None:
    assert "<!--" not in body_of("<!-- not run: a reason -->\n\ntext")
    for markdown in ("<div>x</div>", "an <img> tag", "![x](x.png)"):
        with pytest.raises(ValueError, match="expected Markdown without"):
            body_of(markdown)
    with pytest.raises(ValueError, match="expected a heading first"):
        render_markdown("text", {})
