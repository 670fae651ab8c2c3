"""Rewrites ONNX graphs of other tools to the form that this package writes itself."""

from collections.abc import Iterator

import numpy as np
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

from torch2web.sources.onnx.input import ImageInput
from torch2web.sources.signature import BATCH_AXIS, INPUT_NAME, OUTPUT_NAME

_IR_VERSION = 8
"""Lowest: since 4, initializers need not be inputs."""
_MIN_ELEMENTS = 1024
"""Of a Constant node that becomes an initializer: weights are."""


def tidy(model: ModelProto) -> ModelProto:
    """A copy whose initializers are no inputs, and which imports no domain that it does not use."""
    tidied = ModelProto()
    tidied.CopyFrom(model)
    used = {node.domain for node in _all_nodes(tidied.graph)}
    imports = [entry for entry in tidied.opset_import if not entry.domain or entry.domain in used]
    imports = [helper.make_opsetid("" if e.domain == "ai.onnx" else e.domain, e.version) for e in imports]
    del tidied.opset_import[:]
    tidied.opset_import.extend(imports)
    constants = {tensor.name for tensor in tidied.graph.initializer}
    inputs = [value for value in tidied.graph.input if value.name not in constants]
    del tidied.graph.input[:]
    tidied.graph.input.extend(inputs)
    tidied.ir_version = max(tidied.ir_version, _IR_VERSION)
    del tidied.metadata_props[:]
    for node in _all_nodes(tidied.graph):
        node.domain = "" if node.domain == "ai.onnx" else node.domain
        node.doc_string = ""
        del node.metadata_props[:]
    return tidied


def keep_output(model: ModelProto, output: str) -> ModelProto:
    """A copy with this output alone, and only what it needs."""
    kept = ModelProto()
    kept.CopyFrom(model)
    graph = kept.graph
    chosen = [value for value in graph.output if value.name == output]
    del graph.output[:]
    graph.output.extend(chosen)
    needed, nodes = {output}, []
    for node in reversed(graph.node):
        if needed & set(node.output):
            nodes.append(node)
            needed |= set(_reads(node))
    nodes.reverse()
    del graph.node[:]
    graph.node.extend(nodes)
    weights = [tensor for tensor in graph.initializer if tensor.name in needed]
    del graph.initializer[:]
    graph.initializer.extend(weights)
    del graph.value_info[:]
    return kept


def drop_unread(model: ModelProto) -> ModelProto:
    """The model, in place, without initializers that no node reads."""
    read = {name for node in model.graph.node for name in _reads(node)}
    read |= {value.name for value in model.graph.output}
    for tensor in [tensor for tensor in model.graph.initializer if tensor.name not in read]:
        model.graph.initializer.remove(tensor)
    return model


def constants_to_initializers(model: ModelProto) -> ModelProto:
    """Turn large Constant nodes into initializers, which weights are stored as."""
    nodes = []
    for node in model.graph.node:
        tensor = next((entry.t for entry in node.attribute if entry.name == "value"), None)
        if node.op_type == "Constant" and tensor is not None and np.prod(tensor.dims) >= _MIN_ELEMENTS:
            weight = model.graph.initializer.add()
            weight.CopyFrom(tensor)
            weight.name = node.output[0]
        else:
            nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def rename_clashes(model: ModelProto, input_name: str, output_name: str) -> ModelProto:
    """Rename input and output, and before that any other value of their new names."""
    names = {INPUT_NAME: f"{INPUT_NAME}.inner", OUTPUT_NAME: f"{OUTPUT_NAME}.inner"}
    names |= {input_name: INPUT_NAME, output_name: OUTPUT_NAME}
    _rename(model.graph, names)
    return model


def in_pipeline_form(model: ModelProto, source: ImageInput, *, flatten: bool) -> ModelProto:
    """Give the graph the types of this package: casts, a transposition and Flatten where they are needed."""
    graph = model.graph
    first: list[NodeProto] = []
    current = INPUT_NAME
    elem_type = source.computed_type
    if source.channels_last:
        first.append(
            helper.make_node("Transpose", [current], ["input.last"], "input.last", perm=[0, 2, 3, 1])
        )
        current = "input.last"
    if elem_type != TensorProto.FLOAT:
        first.append(helper.make_node("Cast", [current], ["input.cast"], "input.cast", to=elem_type))
        current = "input.cast"
    if current != INPUT_NAME:
        _rename(graph, {INPUT_NAME: current})
    last: list[NodeProto] = []
    result = OUTPUT_NAME
    given = graph.output[0].type.tensor_type.elem_type
    if flatten or given != TensorProto.FLOAT:
        _rename(graph, {OUTPUT_NAME: "output.raw"})
        result = "output.raw"
    if given != TensorProto.FLOAT:
        target = "output.cast" if flatten else OUTPUT_NAME
        last.append(helper.make_node("Cast", [result], [target], target, to=TensorProto.FLOAT))
        result = target
    if flatten:
        last.append(helper.make_node("Flatten", [result], [OUTPUT_NAME], OUTPUT_NAME, axis=1))
    nodes = [*first, *graph.node, *last]
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def with_signature(
    model: ModelProto, shape: tuple[int, int, int], outputs: int, batch: int | None = None
) -> ModelProto:
    """Declare input and output, float32: [batch, channels, height, width] → [batch, outputs].

    `batch` None is dynamic.
    """
    graph = model.graph
    for values, name, sizes in ((graph.input, INPUT_NAME, shape), (graph.output, OUTPUT_NAME, (outputs,))):
        del values[:]
        values.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch or BATCH_AXIS, *sizes]))
    del graph.value_info[:]
    return model


def to_single(model: ModelProto) -> tuple[ModelProto, str]:
    """The model with float32 in the place of float16, and the name of what was replaced; empty for nothing.

    Of a model that takes or gives float64, which onnxruntime has few operators for, float64 is replaced too.
    """
    single = ModelProto()
    single.CopyFrom(model)
    ends = {value.type.tensor_type.elem_type for value in (*single.graph.input, *single.graph.output)}
    replaced = {TensorProto.FLOAT16} | ({TensorProto.DOUBLE} & ends)
    found: set[int] = set()
    for graph in _graphs(single.graph):
        tensors = list(graph.initializer)
        for node in graph.node:
            for entry in node.attribute:
                if entry.type == AttributeProto.TENSOR:
                    tensors.append(entry.t)
                if node.op_type == "Cast" and entry.name == "to" and entry.i in replaced:
                    found.add(entry.i)
                    entry.i = TensorProto.FLOAT
        for tensor in tensors:
            if tensor.data_type in replaced:
                found.add(tensor.data_type)
                values = numpy_helper.to_array(tensor).astype(np.float32)
                tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
        for value in (*graph.input, *graph.output):
            if value.type.tensor_type.elem_type in replaced:
                found.add(value.type.tensor_type.elem_type)
                value.type.tensor_type.elem_type = TensorProto.FLOAT
        if found:
            del graph.value_info[:]
    names: dict[int, str] = {TensorProto.FLOAT16: "float16", TensorProto.DOUBLE: "float64"}
    return single, " and ".join(names[kind] for kind in sorted(found))


def _rename(graph: GraphProto, names: dict[str, str]) -> None:
    for inner in _graphs(graph):
        for node in inner.node:
            node.input[:] = [names.get(name, name) for name in node.input]
            node.output[:] = [names.get(name, name) for name in node.output]
        for entry in (*inner.input, *inner.output, *inner.initializer, *inner.value_info):
            entry.name = names.get(entry.name, entry.name)


def _graphs(graph: GraphProto) -> Iterator[GraphProto]:
    yield graph
    for node in graph.node:
        for entry in node.attribute:
            if entry.type == AttributeProto.GRAPH:
                yield from _graphs(entry.g)
            for inner in entry.graphs:
                yield from _graphs(inner)


def _all_nodes(graph: GraphProto) -> Iterator[NodeProto]:
    for inner in _graphs(graph):
        yield from inner.node


def _reads(node: NodeProto) -> Iterator[str]:
    """Values that a node reads, those of its subgraphs included."""
    yield from node.input
    for entry in node.attribute:
        for graph in (entry.g, *entry.graphs):
            for inner in graph.node:
                yield from _reads(inner)
