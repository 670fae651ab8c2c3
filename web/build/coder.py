"""Compiles web/coder/ to WebAssembly: the decoder of a site's weights, and the encoder that builds use.

The loader has the decoder as text. `python -m web.build.coder` writes it, after a change of web/coder/.
"""

import base64
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from torch2web.errors import ToolError, Torch2WebError
from torch2web.store import cached_files, sha256_of_sources
from web.build.engine import STACK_BYTES, zig_cc

CODER = Path(__file__).parents[1] / "coder"
AS_TEXT = CODER.parent / "loader" / "fetch" / "chunks" / "decoder_module.ts"
CACHE = CODER.parents[1] / ".cache" / "assets"

_FUNCTIONS = {"decoder.wasm": "decode", "encoder.wasm": "encode"}


def coder_sources() -> list[Path]:
    """The C files and headers, sorted."""
    return sorted(CODER.glob("*.[ch]"))


def build_coder(cache: Path) -> Mapping[str, bytes]:
    """`decoder.wasm` and `encoder.wasm`, kept in `cache` between builds. Raises ToolError."""

    def make(folder: Path) -> None:
        for name, function in _FUNCTIONS.items():
            _compile(CODER / f"{function}.c", function, folder / name)

    sources = sha256_of_sources(CODER, coder_sources())
    this = sha256_of_sources(Path(__file__).parent, [Path(__file__), Path(__file__).with_name("engine.py")])
    return cached_files(cache, "coder", f"{sources} {this} {version('ziglang')}", make)


def checked_coder(cache: Path) -> Mapping[str, bytes]:
    """The same, where the loader has this decoder. Raises ToolError where it has another."""
    modules = build_coder(cache)
    if AS_TEXT.read_text() != as_text(modules["decoder.wasm"]):
        advice = "run `python -m web.build.coder`, and commit what it writes"
        raise ToolError("web/coder", f"{AS_TEXT.name} has another decoder than web/coder/: {advice}")
    return modules


def as_text(decoder: bytes) -> str:
    """The decoder as a module of the loader."""
    return (
        "/** web/coder/decode.c as WebAssembly, in base64; written by `python -m web.build.coder`. */\n"
        f'export const DECODER =\n  "{base64.b64encode(decoder).decode()}";\n'
    )


def main() -> int:
    try:
        AS_TEXT.write_text(as_text(build_coder(CACHE)["decoder.wasm"]))
    except Torch2WebError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _compile(source: Path, function: str, target: Path) -> None:
    zig_cc(
        [
            "-target",
            "wasm32-freestanding",
            "-mcpu=mvp+bulk_memory+mutable_globals+sign_ext",
            "-nostdlib",
            str(source),
            "-Wl,--no-entry",
            f"-Wl,-z,stack-size={STACK_BYTES}",
            "-Wl,--strip-all",
            f"-Wl,--export={function}",
            "-Wl,--export=__heap_base",
            "-o",
            str(target),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
