"""Python code without what does not change its results: comments, docstrings, layout."""

import ast


def normalized_code(source: str) -> str:
    """The syntax tree of `source` as text, without docstrings, comments and positions."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [line for line in body if not _is_docstring(line)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_docstring(line: ast.AST) -> bool:
    """Whether `line` is a string that nothing uses: a docstring of a module, class, function or attribute."""
    return (
        isinstance(line, ast.Expr)
        and isinstance(line.value, ast.Constant)
        and isinstance(line.value.value, str)
    )
