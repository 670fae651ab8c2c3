"""The error classes: the tree in the docstring matches the code, and each class has its exit code."""

import inspect

from torch2web import errors


def test_docstring_lists_the_classes_as_they_derive() -> None:
    """Every class is listed in the module's docstring under its base class."""
    drawn: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        words = [word for word in line.replace("│", " ").split() if word[0].isalpha() or word[0] == "T"]
        if words and words[0].endswith("Error"):
            drawn.append((line.index(words[0]), words[0]))
    parents = {}
    for index, (indent, name) in enumerate(drawn):
        above = [other for depth, other in drawn[:index] if depth < indent]
        depths = {other: depth for depth, other in drawn[:index] if depth < indent}
        parents[name] = max(reversed(above), key=depths.__getitem__) if above else "Exception"
    classes = [
        cls for _, cls in inspect.getmembers(errors, inspect.isclass) if cls.__module__ == errors.__name__
    ]
    assert parents == {cls.__name__: cls.__mro__[1].__name__ for cls in classes}


def test_exit_codes() -> None:
    assert errors.CheckError.exit_code == 1
    assert errors.InputError.exit_code == 2
    assert errors.ToolError.exit_code == 1
