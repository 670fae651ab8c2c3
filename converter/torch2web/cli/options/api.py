"""Options of `serve --api`."""

import argparse
import os
from typing import TYPE_CHECKING

from torch2web.cli.options.paths import absolute
from torch2web.errors import OptionError, TextEncodingError
from torch2web.text_files import read_text

if TYPE_CHECKING:
    from torch2web.server import ApiSettings

TOKEN_VARIABLE = "TORCH2WEB_TOKEN"  # noqa: S105 (its name)

_DEFAULTS = {
    "workers": 1,
    "max_batch": 2,
    "max_wait": 4.0,
    "max_queue": 64,
    "max_upload": 10.0,
    "max_pixels": 50.0,
    "timeout": 10.0,
    "grace": 10.0,
    "token_file": None,
    "default_model": "",
    "no_pages": False,
    "docker": None,
}
"""By name of the attribute; an option with another value was given."""


def add_api_options(parser: argparse.ArgumentParser) -> None:
    """Add `--api` and the options that go with it."""
    parser.add_argument("--api", action="store_true", help="answer pictures over HTTP, by onnxruntime")
    api = parser.add_argument_group("options of --api")

    def number(flag: str, kind: type, metavar: str, text: str) -> None:
        default = _DEFAULTS[flag.removeprefix("--").replace("-", "_")]
        api.add_argument(flag, type=kind, default=default, metavar=metavar, help=f"{text} ({default:g})")

    number("--workers", int, "N", "processes")
    number("--max-batch", int, "N", "pictures computed at once, at most")
    number("--max-wait", float, "MS", "milliseconds that a picture waits for others that arrive, at most")
    number("--max-queue", int, "N", "requests that a worker accepts before it answers 503")
    number("--max-upload", float, "MIB", "size of a picture's file, at most, in MiB")
    number("--max-pixels", float, "MP", "million pixels of a picture, at most")
    number("--timeout", float, "S", "seconds from the beginning of a request to its answer, at most")
    number("--grace", float, "S", "seconds in which accepted requests end when the server stops")
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let pages of this origin load the site or ask --api, such as https://example.org; may be "
        "repeated (without --api, pages of this machine always may)",
    )
    api.add_argument(
        "--token-file",
        type=absolute,
        metavar="FILE",
        help=f"require the bearer token in this file (default: that of {TOKEN_VARIABLE}, if set)",
    )
    api.add_argument(
        "--default-model",
        default="",
        metavar="NAME",
        help="model that answers where the address names none (default: the one recommended for servers)",
    )
    api.add_argument("--no-pages", action="store_true", help="answer predictions only, not the site's files")
    api.add_argument(
        "--docker",
        type=absolute,
        metavar="DIR",
        help="write Dockerfile, compose.yaml and requirements.txt into this folder instead of serving",
    )


def require_api(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End the process where an option of `--api` is given without it, or one that does not go with it."""
    if options.api:
        for name in ("parity", "host"):
            if getattr(options, name):
                parser.error(f"--api does not go with --{name}")
        return
    for name, default in _DEFAULTS.items():
        if getattr(options, name) != default:
            parser.error(f"--{name.replace('_', '-')} goes with --api")
    for name in ("parity", "host"):
        if options.allow_origin and getattr(options, name):
            parser.error(f"--allow-origin does not go with --{name}")


def settings_of(options: argparse.Namespace) -> "ApiSettings":
    """The settings that the options stand for. Raises OptionError."""
    from torch2web.server import ApiSettings, digest_of

    token = _token(options)
    return ApiSettings(
        site=options.site,
        workers=options.workers,
        max_batch=options.max_batch,
        max_wait=options.max_wait,
        max_queue=options.max_queue,
        max_bytes=round(options.max_upload * 2**20),
        max_pixels=round(options.max_pixels * 1e6),
        timeout=options.timeout,
        grace=options.grace,
        origins=tuple(options.allow_origin),
        token_digest=digest_of(token) if token is not None else b"",
        default_model=options.default_model,
        pages=not options.no_pages,
    )


def _token(options: argparse.Namespace) -> str | None:
    """None where no token is asked for. It is no option: options of programs are seen by all users."""
    if options.token_file is None:
        return os.environ.get(TOKEN_VARIABLE)
    try:
        return read_text(options.token_file).strip()
    except (OSError, TextEncodingError) as error:
        raise OptionError("--token-file", f"it cannot be read: {error}") from error
