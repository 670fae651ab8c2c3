"""The command line: arguments in, exit code out."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from converter.console import Output
from converter.errors import OutputError, SiteError, Torch2WebError

ROOT = Path(__file__).parent.parent

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
        type=_absolute,
        metavar="DIR",
        help="folder of your checkpoints; without it the demo weights are built",
    )
    parser.add_argument(
        "--catalog",
        type=_absolute,
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
        type=_absolute,
        default=ROOT / "site",
        metavar="DIR",
        help="folder to write the site to (site)",
    )
    parser.add_argument(
        "--cache",
        type=_absolute,
        default=ROOT / ".cache",
        metavar="DIR",
        help="folder of conversions kept between builds (.cache)",
    )
    parser.add_argument(
        "--allow-dead",
        action="store_true",
        help="build models whose logits do not depend on the picture, and record it",
    )
    parser.add_argument(
        "--no-verify-page",
        dest="verify_page",
        action="store_false",
        help="leave verify.html out, with the Python that it runs in the browser",
    )
    commands = parser.add_subparsers(title="other commands", metavar="")
    verify = commands.add_parser("verify", help="check a built site again", epilog=_EPILOG)
    verify.set_defaults(command="verify")
    verify.add_argument(
        "site", type=_absolute, nargs="?", default=ROOT / "site", metavar="SITE", help="the built site (site)"
    )
    serve = commands.add_parser("serve", help="serve a built site on this machine", epilog=_EPILOG)
    serve.set_defaults(command="serve")
    serve.add_argument(
        "site", type=_absolute, nargs="?", default=ROOT / "site", metavar="SITE", help="the built site (site)"
    )
    serve.add_argument(
        "--port", type=int, default=8000, metavar="N", help="port to listen on, 0 for any free one (8000)"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = create_parser()
    options = parser.parse_args(arguments)
    _require_fitting_options(parser, options)
    output = Output()
    signal.signal(signal.SIGTERM, _interrupt)
    commands = {"build": _build, "verify": _verify, "serve": _serve}
    try:
        commands[options.command](options, output)
    except Torch2WebError as error:
        output.error(str(error))
        return error.exit_code
    except OSError as error:
        output.error(f"{error.filename or 'the system'}: {error.strerror or error}")
        return OutputError.exit_code
    except KeyboardInterrupt:
        output.error("interrupted; what was there before is as it was")
        return 130
    return 0


def _folder_of(variable: str) -> Path | None:
    """The folder that an environment variable names, if it does."""
    return _absolute(os.environ[variable]) if os.environ.get(variable) else None


def _absolute(text: str) -> Path:
    """A path that means the same from any folder; links stay links."""
    return Path(text).absolute()


def _require_fitting_options(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """The build's options before another command would be silently ignored: exit code 2 instead."""
    if options.command == "build":
        return
    for name in ("checkpoints", "catalog", "only", "out", "cache", "allow_dead", "verify_page"):
        if getattr(options, name) != parser.get_default(name):
            option = "no-verify-page" if name == "verify_page" else name.replace("_", "-")
            parser.error(f"--{option} is an option of the build and not of {options.command}")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _build(options: argparse.Namespace, output: Output) -> None:
    from converter.pipeline import BuildOptions, build

    if options.checkpoints is None:
        output.warning("No --checkpoints given: building with demo weights, trained on drawn faces.")
    build_options = BuildOptions(
        checkpoints=options.checkpoints,
        catalog=options.catalog,
        only=tuple(options.only),
        out=options.out,
        cache=options.cache,
        allow_dead=options.allow_dead,
        verify_page=options.verify_page,
        pyodide_wheels=_folder_of("PYODIDE_WHEELS"),
    )
    with output.progress() as show:
        report = build(build_options, show)
    rows = []
    for model in report.models:
        figures = model.record.verification
        rows.append(
            (
                model.record.spec.name,
                f"{model.record.file.size / 2**20:.2f} MiB",
                f"opset {model.record.spec.opset}",
                f"{figures['logits_max_abs_diff']:.1e}",
                f"{figures['logits_mean_abs_diff']:.1e}",
                f"{figures['top1_agreement']:.1%}",
                "kept" if model.seconds is None else f"{model.seconds:.1f}",
            )
        )
    headings = ("model", "size", "export", "max diff", "mean diff", "top-1", "seconds")
    output.table(headings, rows)
    for model in report.models:
        if model.record.verification["dead"]:
            output.warning(
                f"{model.record.spec.name}: its logits do not depend on the picture (--allow-dead)."
            )
    bundle = report.bundle
    loader = f"loader {bundle.loader_gzipped / 1024:.1f} KiB gzipped"
    output.line(f"{options.out}: {len(bundle.files)} files, {bundle.size / 2**20:.0f} MiB; {loader}")
    output.line(
        "Look at it: python build.py serve" + ("" if options.out == ROOT / "site" else f" {options.out}")
    )


def _verify(options: argparse.Namespace, output: Output) -> None:
    from converter.recheck import recheck

    with output.progress() as show:
        result = recheck(options.site, show)
    rows = [
        (
            check.name,
            f"{check.max_abs_diff:.1e}",
            f"{check.tolerance:.0e}",
            "ok" if check.passed else "FAILED",
        )
        for check in result.models
    ]
    output.table(("model", "max diff", "tolerance", "golden outputs"), rows)
    if result.problems:
        raise SiteError(options.site, result.problems)
    output.line(f"{options.site}: all {result.files} files are as they were built")


def _serve(options: argparse.Namespace, output: Output) -> None:
    from converter.serve import create_server

    with create_server(options.site, options.port) as server:
        output.line(f"http://127.0.0.1:{server.server_port}/  (Ctrl-C stops it)")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            output.line("stopped")
