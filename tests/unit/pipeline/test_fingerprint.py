"""What a cached conversion depends on: the code that computes, and none of its comments."""

from torch2web.catalog import Source
from torch2web.pipeline.fingerprint import PACKAGES, STAGES, fingerprint
from torch2web.pipeline.normalized_code import normalized_code


def test_comments_docstrings_and_layout_do_not_count() -> None:
    first = 'def f(x):\n    """Say."""\n    # why\n    return x + 1\n\nA = 1\n"""What A is."""\n'
    second = "def f(x): return (x + 1)\nA = 1"
    assert normalized_code(first) == normalized_code(second)


def test_code_counts() -> None:
    assert normalized_code("x = 1") != normalized_code("x = 2")
    assert normalized_code("f('a')") != normalized_code("f('b')")


def test_stages_and_packages_are_named() -> None:
    found = fingerprint(Source("architecture", "mobilenet_v2"))
    assert sorted(found["stages"]) == sorted([*STAGES, "architecture", "convert"])
    assert sorted(found["packages"]) == sorted(PACKAGES)


def test_another_architecture_changes_nothing_else() -> None:
    sources = (Source("architecture", name) for name in ("mobilenet_v2", "landmark_cnn"))
    first, second = (fingerprint(source)["stages"] for source in sources)
    assert {stage for stage in first if first[stage] != second[stage]} == {"architecture"}
