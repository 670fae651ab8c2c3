"""Names and labels are escaped in Markdown and YAML."""

import pytest

from torch2web.site.report.markdown import inline, yaml_text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a|b", "a\\|b"),
        ("<script>", "\\<script\\>"),
        ("*a* _b_ `c` [d](e) #1 @you", "\\*a\\* \\_b\\_ \\`c\\` \\[d\\]\\(e\\) \\#1 \\@you"),
        ("two\n# lines", "two \\# lines"),
        ("&amp;", "\\&amp;"),
    ],
)
def test_inline(text: str, written: str) -> None:
    assert inline(text) == written


def test_yaml() -> None:
    text = yaml_text(
        {"a": "plain", "no": "no", "n": 0.5, "list": ["x", "1"], "deep": [{"k": {"m": 'q"'}, "e": []}]}
    )
    assert str(text).splitlines() == [
        "a: plain",
        'no: "no"',
        "n: 0.5",
        "list:",
        "  - x",
        '  - "1"',
        "deep:",
        "  - k:",
        '      m: "q\\""',
        "    e: []",
    ]
