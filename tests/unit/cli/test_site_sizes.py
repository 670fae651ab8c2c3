"""What the size of a site is made of."""

from torch2web.cli.site_sizes import parts_of_size
from torch2web.store import FileRecord


def test_parts_of_a_mebibyte_are_named_with_their_options() -> None:
    sizes = {
        "index.html": 2**10,
        "models/tiny-int8.bin": 3 * 2**20,
        "models/tiny.onnx": 9 * 2**20,
        "models/model_info.json.br": 2**9,
        "onnxruntime/ort.wasm": 13 * 2**20,
        "onnxruntime/ort.wasm.br": 3 * 2**20,
        "verify/pyodide/pyodide.asm.wasm": 8 * 2**20,
    }
    files = [FileRecord(path, size, "") for path, size in sizes.items()]
    assert parts_of_size(files) == (
        "models 3 MiB, whole ONNX files 9 MiB (--no-full-onnx), onnxruntime-web 13 MiB (--backend compiled), "
        "verify.html 8 MiB (--no-verify-page), compressed forms 3 MiB (--no-precompressed)"
    )
    assert parts_of_size(files[:2]) == "", "one part is all"
