"""Every command and option of the command line, and which of them fit together."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from torch2web.site.manifest import Backends

ROOT = Path(__file__).parents[3]

_EPILOG = "exit codes: 0 done, 1 a check failed, 2 wrong usage or bad input, 130 interrupted"


def create_parser() -> argparse.ArgumentParser:
    """Every command and option; each has a help text."""
    parser = argparse.ArgumentParser(
        prog="build.py",
        description="Convert PyTorch checkpoints into a web page that predicts what PyTorch predicts.",
        epilog=_EPILOG,
    )
    parser.set_defaults(command="build")
    parser.add_argument(
        "--checkpoints",
        type=absolute,
        metavar="DIR",
        help="folder of your checkpoints; without it the demo weights are built",
    )
    parser.add_argument(
        "--catalog",
        type=absolute,
        default=ROOT / "models.toml",
        metavar="FILE",
        help="the catalogue of models (models.toml)",
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="build only this model; may be given more than once",
    )
    parser.add_argument(
        "--out",
        type=absolute,
        default=ROOT / "site",
        metavar="DIR",
        help="folder to write the site to (site)",
    )
    parser.add_argument(
        "--cache",
        type=absolute,
        default=ROOT / ".cache",
        metavar="DIR",
        help="folder of conversions kept between builds (.cache)",
    )
    parser.add_argument(
        "--backend",
        choices=tuple(map(str, Backends)),
        default=str(Backends.BOTH),
        help="what the site carries to run models: the small compiled engine with a plan of each model, "
        "onnxruntime-web, or both (both)",
    )
    parser.add_argument(
        "--allow-dead",
        action="store_true",
        help="build models whose logits do not depend on the picture, and record it",
    )
    parser.add_argument(
        "--no-precompressed",
        dest="precompressed",
        action="store_false",
        help="leave out the .br and .gz files that servers send in place of what shrinks",
    )
    parser.add_argument(
        "--no-verify-page",
        dest="verify_page",
        action="store_false",
        help="leave verify.html out, with the Python that it runs in the browser",
    )
    parser.add_argument(
        "--max-file-size",
        type=_mebibytes,
        default=20 * 2**20,
        metavar="MIB",
        help="most MiB of a file that the page loads, larger ones are split (20)",
    )
    parser.add_argument(
        "--no-plain-models",
        dest="plain_models",
        action="store_false",
        help="leave out the whole ONNX files, which only servers and people need",
    )
    parser.add_argument(
        "--sign",
        type=absolute,
        metavar="KEY",
        help="sign the manifest with this private key (ECDSA P-256, PEM)",
    )
    commands = parser.add_subparsers(title="other commands", metavar="")
    verify = commands.add_parser("verify", help="check a built site again", epilog=_EPILOG)
    verify.set_defaults(command="verify")
    verify.add_argument(
        "site", type=absolute, nargs="?", default=ROOT / "site", metavar="SITE", help="the built site (site)"
    )
    verify.add_argument(
        "--public-key",
        type=absolute,
        metavar="KEY",
        help="insist on a signature by the private key that belongs to this public one (PEM)",
    )
    serve = commands.add_parser("serve", help="serve a built site on this machine", epilog=_EPILOG)
    serve.set_defaults(command="serve")
    serve.add_argument(
        "site", type=absolute, nargs="?", default=ROOT / "site", metavar="SITE", help="the built site (site)"
    )
    serve.add_argument(
        "--port", type=int, default=8000, metavar="N", help="port to listen on, 0 for any free one (8000)"
    )
    serve.add_argument(
        "--parity",
        action="store_true",
        help="let other devices in the same network check themselves, and save what they find",
    )
    serve.add_argument(
        "--host",
        choices=("nginx", "cloudflare", "github"),
        help="serve it as this host would: its headers, its limits, its answer where there is no file",
    )
    serve.add_argument(
        "--address",
        metavar="ADDRESS",
        help="address of this machine to listen on (127.0.0.1; with --parity every one)",
    )
    report = commands.add_parser("report", help="write what devices found as one page", epilog=_EPILOG)
    report.set_defaults(command="report")
    report.add_argument(
        "site", type=absolute, nargs="?", default=ROOT / "site", metavar="SITE", help="the built site (site)"
    )
    for command in (serve, report):
        command.add_argument(
            "--parity-dir",
            type=absolute,
            default=ROOT / "parity",
            metavar="DIR",
            help="folder of what devices found (parity)",
        )
    return parser


def parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What `arguments` ask for; ends the process with exit code 2 where they do not fit together."""
    parser = create_parser()
    options = parser.parse_args(arguments)
    _require_fitting_options(parser, options)
    return options


def _mebibytes(text: str) -> int:
    """A number of MiB as bytes."""
    try:
        size = float(text)
    except ValueError:
        size = 0
    if not 0.01 <= size <= 2**20:
        raise argparse.ArgumentTypeError(f"found {text}, expected a number of MiB, such as 20")
    return round(size * 2**20)


def absolute(text: str) -> Path:
    """A path that means the same from any folder; links stay links."""
    return Path(text).absolute()


def _require_fitting_options(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Options that would be silently ignored, as the build's before another command: exit code 2 instead."""
    if options.command == "serve" and not options.parity and options.parity_dir != ROOT / "parity":
        parser.error("--parity-dir goes with --parity")
    if options.command == "serve" and options.parity and options.host:
        parser.error("--parity does not go with --host, whose hosts take nothing that devices send")
    if options.command == "build":
        return
    others = {action.dest for action in parser._actions if action.dest not in ("help", "command")}
    for name in sorted(others & set(vars(options))):
        if getattr(options, name) != parser.get_default(name):
            option = f"no-{name}" if name in ("verify_page", "plain_models", "precompressed") else name
            parser.error(
                f"--{option.replace('_', '-')} is an option of the build and not of {options.command}"
            )
