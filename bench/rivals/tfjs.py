"""TensorFlow.js for comparison: its packages, and each model as a list of layers and a file of weights."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import NodeProto, numpy_helper

from bench.rivals.javascript import bundled, package_folder, version_of

_BACKEND = "@tensorflow/tfjs-backend-wasm"
_WASM = "tfjs-backend-wasm-simd.wasm"

Layer = dict[str, Any]


def tfjs_version() -> str:
    """The version that the lock file pins."""
    return version_of(_BACKEND)


def write_tfjs(models: Sequence[Path], folder: Path) -> list[Path]:
    """Everything that tfjs.js needs in a page, with the networks of the ONNX files `models`.

    Raises ToolError.
    """
    script, wasm = bundled("tfjs.js", folder), folder / _WASM
    wasm.write_bytes((package_folder(_BACKEND) / "dist" / _WASM).read_bytes())
    written = [script, wasm]
    for path in models:
        network, weights = _Translation(_folded(path, folder)).result()
        table, binary = folder / f"{path.stem}.json", folder / f"{path.stem}.bin"
        table.write_text(json.dumps(network))
        binary.write_bytes(b"".join(values.astype("<f4").tobytes() for values in weights))
        written += [table, binary]
    return written


def _folded(path: Path, folder: Path) -> onnx.GraphProto:
    """The graph after constant folding by onnxruntime."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(folder / f"{path.stem}.onnx")
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return onnx.load(options.optimized_model_filepath).graph


class _Translation:
    """Layers of tfjs for the nodes of a graph; directly following nodes are fused into a layer."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.graph = graph
        self.known = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        self.uses = Counter(name for node in graph.node for name in node.input)
        self.layers: list[Layer] = []
        self.weights: list[NDArray[np.float32]] = []
        self.padded: dict[str, tuple[str, NDArray[np.int64]]] = {}

    def result(self) -> tuple[Mapping[str, Any], list[NDArray[np.float32]]]:
        for node in self.graph.node:
            self._translate(
                node, {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
            )
        network = {
            "input": self.graph.input[0].name,
            "output": self.graph.output[0].name,
            "layers": self.layers,
            "shapes": [values.shape for values in self.weights],
        }
        return network, self.weights

    def _translate(self, node: NodeProto, attributes: Mapping[str, Any]) -> None:
        match node.op_type:
            case "Conv":
                self._conv(node, attributes)
            case "Gemm":
                weight = self.known[node.input[1]]
                self._add(node, "gemm", weight.T if attributes.get("transB") else weight)
            case "Relu":
                self._activate(node, "relu")
            case "Clip" if [float(self.known[name]) for name in node.input[1:]] == [0, 6]:
                self._activate(node, "relu6")
            case "Pad":
                self.padded[node.output[0]] = node.input[0], self.known[node.input[1]]
            case "MaxPool" if not any(attributes.get("pads", ())):
                self._add(node, "maxpool", kernel=attributes["kernel_shape"], strides=attributes["strides"])
            case "Add" | "Mul" | "Sigmoid" | "Flatten":
                self._add(node, node.op_type.lower())
            case "GlobalAveragePool":
                self._add(node, "mean", axes=[1, 2])
            case "ReduceMean" if attributes.get("keepdims", 1) and "axes" in attributes:
                self._mean(node, attributes["axes"])
            case _:
                raise SystemExit(f"{__file__} does not know {node.op_type}; teach it, or leave the model out")

    def _add(
        self, node: NodeProto, kind: str, weight: NDArray[np.float32] | None = None, **more: Any
    ) -> None:
        weights: list[int] = []
        if weight is not None:
            weights = [len(self.weights), len(self.weights) + 1]
            self.weights += [weight, self.known[node.input[2]]]
        inputs = [name for name in node.input if name not in self.known]
        own = {"kind": kind, "inputs": inputs, "output": node.output[0], "weights": weights}
        self.layers.append({"activation": "linear", **own, **more})

    def _conv(self, node: NodeProto, attributes: Mapping[str, Any]) -> None:
        weight = self.known[node.input[1]]
        plain = attributes["group"] == 1
        # [out, in / groups, height, width] to [height, width, in, out]; depthwise [height, width, out, 1].
        arranged = weight.transpose(2, 3, 1, 0) if plain else weight.transpose(2, 3, 0, 1)
        x, outer = self.padded.get(node.input[0], (node.input[0], np.zeros(8, np.int64)))
        top, left, bottom, right = (
            int(pad + more) for pad, more in zip(attributes["pads"], outer[[2, 3, 6, 7]], strict=True)
        )
        even = len({top, left, bottom, right}) == 1
        pad = top if even else [[0, 0], [top, bottom], [left, right], [0, 0]]
        kind = "conv" if plain else "depthwise"
        self._add(node, kind, arranged, strides=attributes["strides"], pad=pad)
        self.layers[-1]["inputs"] = [x]

    def _mean(self, node: NodeProto, axes: Sequence[int]) -> None:
        own = [{2: 1, 3: 2}[axis % 4] for axis in axes]
        last = self.layers[-1]
        if last["kind"] != "mean" or last["output"] != node.input[0]:
            self._add(node, "mean", axes=own)
            return
        # A mean over one axis after the other, as the build exports it: tfjs takes both at once.
        last |= {"axes": sorted([*last["axes"], *own]), "output": node.output[0]}

    def _activate(self, node: NodeProto, activation: str) -> None:
        last = self.layers[-1]
        if last["output"] != node.input[0] or not last["weights"] or self.uses[node.input[0]] > 1:
            raise SystemExit(
                f"bench/rivals/tfjs.py: {node.op_type} {node.name} follows no layer that it fits into"
            )
        last |= {"activation": activation, "output": node.output[0]}
