"""TensorFlow.js as a peer: its packages, and MobileNetV2 for it as a script and a file of weights."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from converter.node import install_packages, pinned_version, run_node
from converter.webassets import node_package

HERE = Path(__file__).parent
_BACKEND = "@tensorflow/tfjs-backend-wasm"
_WASM = "tfjs-backend-wasm-simd.wasm"

Weights = list[tuple[str, NDArray[np.float32]]]


def tfjs_version() -> str:
    """The one that the lock file pins."""
    return pinned_version(HERE, _BACKEND)


def write_peer(model: Path, folder: Path) -> list[Path]:
    """Everything that tfjs.js needs in a page, with the weights of the MobileNetV2 in `model`.

    Raises ToolError.
    """
    install_packages(HERE)
    script, wasm = folder / "tfjs.js", folder / _WASM
    esbuild = str(node_package("esbuild") / "bin" / "esbuild")
    options = ["--bundle", "--format=esm", "--minify", "--log-level=error"]
    run_node([esbuild, str(HERE / script.name), *options, f"--outfile={script}"], HERE)
    wasm.write_bytes((HERE / "node_modules" / _BACKEND / "dist" / _WASM).read_bytes())
    weights = _weights_of(model)
    binary, table = folder / "weights.bin", folder / "weights.json"
    binary.write_bytes(b"".join(values.astype("<f4").tobytes() for _, values in weights))
    table.write_text(json.dumps([{"name": name, "shape": values.shape} for name, values in weights]))
    return [script, wasm, binary, table]


def _weights_of(model: Path) -> Weights:
    """Weight and bias of each layer in the graph's order, in the layouts that tfjs wants."""
    graph = onnx.load(model).graph
    known = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    weights: Weights = []
    for node in graph.node:
        if node.op_type not in ("Conv", "Gemm"):
            continue
        _, weight, bias = node.input
        weights.append((weight, _arranged(node, known[weight])))
        weights.append((bias, known[bias]))
    return weights


def _arranged(node: onnx.NodeProto, weight: NDArray[np.float32]) -> NDArray[np.float32]:
    attributes: dict[str, Any] = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
    if node.op_type == "Gemm":
        return weight.T if attributes["transB"] else weight
    # From [out, in / groups, height, width] to [height, width, in, out], depthwise [height, width, out, 1].
    return weight.transpose(2, 3, 1, 0) if attributes["group"] == 1 else weight.transpose(2, 3, 0, 1)
