"""Names the nodes of torch.export's exporter by the modules of the network, as the older one does."""

import ast
from collections import Counter

from onnx import ModelProto, NodeProto

_SCOPES = "pkg.torch.onnx.name_scopes"
"""Metadata of a node: a list of the modules around it, as Python's source text; the last is its own name."""


def with_module_names(model: ModelProto) -> ModelProto:
    """`model`, in place, with nodes such as `/layer4/layer4.1/layer4.1.conv1/Conv`, each name once."""
    taken: Counter[str] = Counter()
    for node in model.graph.node:
        name = "/".join(["", *_modules(node), node.op_type])
        node.name = f"{name}_{taken[name]}" if taken[name] else name
        taken[name] += 1
    return model


def _modules(node: NodeProto) -> list[str]:
    text = next((entry.value for entry in node.metadata_props if entry.key == _SCOPES), "[]")
    try:
        scopes = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return []
    return [str(scope) for scope in scopes[:-1] if scope]
