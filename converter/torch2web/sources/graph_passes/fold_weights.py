"""Computes in the graph what depends on weights alone, such as standardised weights of convolutions.

The results become the weights of the file: variants round them, and the compiled backend packs them. As an
operator in the graph it would be computed for every image, and with rounded weights.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import AttributeProto, ModelProto, NodeProto, numpy_helper
from onnx.reference import ReferenceEvaluator

Array = NDArray[Any]

_MIN_ELEMENTS = 1024
"""Of what is stored as a weight; what is computed from fewer stays in the graph."""
_MAX_ADDED = 2**20
"""Elements that folding may add to a file, or a quarter of what its weights have, if that is more."""
_KEPT = ("Identity", "Transpose")
"""Operators that stay where they read a weight: it may be used without them, too, and they cost nothing."""
_RANDOM = (
    "RandomNormal",
    "RandomUniform",
    "RandomNormalLike",
    "RandomUniformLike",
    "Bernoulli",
    "Multinomial",
)


def fold_weights(model: ModelProto) -> int:
    """Replace, in place, nodes that depend on weights alone by their results; return how many results.

    A result that cannot be computed, or would add too much to the file, is left to the graph.
    """
    folder = _Folder(model)
    graph = model.graph
    found = {name: value for name in folder.results() if (value := folder.fold(name)) is not None}
    if not found:
        return 0
    for name, value in found.items():
        graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
    needed = {value.name for value in graph.output}
    kept: list[NodeProto] = []
    for node in reversed(graph.node):
        if any(name in needed and name not in found for name in node.output):
            needed.update(node.input)
            needed.update(_inner_reads(node))
            kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))
    used = [tensor for tensor in graph.initializer if tensor.name in needed]
    del graph.initializer[:]
    graph.initializer.extend(used)
    return len(found)


class _Folder:
    """The constant part of a graph, whose values are computed when they are asked for."""

    def __init__(self, model: ModelProto) -> None:
        self.graph = model.graph
        self.opset = next(entry.version for entry in model.opset_import if not entry.domain)
        self.tensors = {tensor.name: tensor for tensor in self.graph.initializer}
        self.values: dict[str, Array] = {}
        self.makers: dict[str, NodeProto] = {}
        """By output, nodes that depend on constants alone."""
        self.weights = {
            name for name, tensor in self.tensors.items() if int(np.prod(tensor.dims)) >= _MIN_ELEMENTS
        }
        self.sources: dict[str, frozenset[str]] = {}
        """By output, the weights that it is computed from."""
        for node in self.graph.node:
            if all(
                not name or name in self.tensors or name in self.makers for name in node.input
            ) and _is_pure(node):
                sources = frozenset(source for name in node.input for source in self._sources(name))
                for name in node.output:
                    self.makers[name], self.sources[name] = node, sources
        total = sum(self._size(name) for name in self.weights)
        self.remaining = max(_MAX_ADDED, total // 4)

    def results(self) -> Iterator[str]:
        """Computed from weights, and read by what depends on the input."""
        read = {value.name for value in self.graph.output}
        for node in self.graph.node:
            if not any(name in self.makers for name in node.output):
                read.update(node.input)
        for name, node in self.makers.items():
            plain = node.op_type in _KEPT and node.input[0] in self.weights
            if name in read and self.sources[name] and not plain:
                yield name

    def fold(self, name: str) -> Array | None:
        """The value of a result; None where it is left to the graph."""
        try:
            value = self._value(name)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 — the operators of ONNX's evaluator raise any type
            return None
        added = value.size - sum(self._size(source) for source in self.sources[name])
        if added > self.remaining:
            return None
        self.remaining -= max(added, 0)
        return value

    def _sources(self, name: str) -> frozenset[str]:
        return frozenset({name}) if name in self.weights else self.sources.get(name, frozenset())

    def _size(self, name: str) -> int:
        return int(np.prod(self.tensors[name].dims))

    def _value(self, name: str) -> Array:
        if name in self.values:
            return self.values[name]
        if name in self.tensors:
            value = numpy_helper.to_array(self.tensors[name])
        else:
            node = self.makers[name]
            feeds = {given: self._value(given) for given in node.input if given}
            evaluator = ReferenceEvaluator(node, opsets={"": self.opset})
            with np.errstate(all="ignore"):
                results: Any = evaluator.run(None, feeds)
            value = np.asarray(results[list(node.output).index(name)])
        self.values[name] = value
        return value


def _is_pure(node: NodeProto) -> bool:
    """Whether it computes the same at every call, from its inputs alone."""
    graphs = (AttributeProto.GRAPH, AttributeProto.GRAPHS)
    return (
        node.domain in ("", "ai.onnx")
        and node.op_type not in _RANDOM
        and not any(entry.type in graphs for entry in node.attribute)
    )


def _inner_reads(node: NodeProto) -> Iterator[str]:
    """Values of the graph that subgraphs of `node` read."""
    for entry in node.attribute:
        for graph in (entry.g, *entry.graphs):
            for inner in graph.node:
                yield from inner.input
                yield from _inner_reads(inner)
