"""The command line: arguments in, exit code out."""

import argparse
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converter.backends import Backends
from converter.console import Output
from converter.errors import OutputError, SignatureError, SiteError, Torch2WebError

if TYPE_CHECKING:
    from converter.manifest import ModelRecord
    from converter.pipeline import BuiltModel

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
        type=_absolute,
        metavar="KEY",
        help="sign the manifest with this private key (ECDSA P-256, PEM)",
    )
    commands = parser.add_subparsers(title="other commands", metavar="")
    verify = commands.add_parser("verify", help="check a built site again", epilog=_EPILOG)
    verify.set_defaults(command="verify")
    verify.add_argument(
        "site", type=_absolute, nargs="?", default=ROOT / "site", metavar="SITE", help="the built site (site)"
    )
    verify.add_argument(
        "--public-key",
        type=_absolute,
        metavar="KEY",
        help="insist on a signature by the private key that belongs to this public one (PEM)",
    )
    serve = commands.add_parser("serve", help="serve a built site on this machine", epilog=_EPILOG)
    serve.set_defaults(command="serve")
    serve.add_argument(
        "site", type=_absolute, nargs="?", default=ROOT / "site", metavar="SITE", help="the built site (site)"
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
        "site", type=_absolute, nargs="?", default=ROOT / "site", metavar="SITE", help="the built site (site)"
    )
    for command in (serve, report):
        command.add_argument(
            "--parity-dir",
            type=_absolute,
            default=ROOT / "parity",
            metavar="DIR",
            help="folder of what devices found (parity)",
        )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = create_parser()
    options = parser.parse_args(arguments)
    _require_fitting_options(parser, options)
    output = Output()
    signal.signal(signal.SIGTERM, _interrupt)
    commands = {"build": _build, "verify": _verify, "serve": _serve, "report": _report}
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


def _mebibytes(text: str) -> int:
    """A number of MiB as bytes."""
    try:
        size = float(text)
    except ValueError:
        size = 0
    if not 0.01 <= size <= 2**20:
        raise argparse.ArgumentTypeError(f"found {text}, expected a number of MiB, such as 20")
    return round(size * 2**20)


def _absolute(text: str) -> Path:
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


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _build(options: argparse.Namespace, output: Output) -> None:
    from converter.bundle import Delivery
    from converter.pipeline import BuildOptions, build
    from converter.signing_keys import UNLOCKED_BY, SigningKey

    signing_key = SigningKey.read(options.sign, os.environ.get(UNLOCKED_BY)) if options.sign else None
    if options.checkpoints is None:
        output.warning("No --checkpoints given: building with demo weights, trained on drawn faces.")
    build_options = BuildOptions(
        checkpoints=options.checkpoints,
        catalog=options.catalog,
        only=tuple(options.only),
        out=options.out,
        cache=options.cache,
        allow_dead=options.allow_dead,
        delivery=Delivery(
            max_file_size=options.max_file_size,
            backends=Backends(options.backend),
            plain_models=options.plain_models,
            precompressed=options.precompressed,
            verify_page=options.verify_page,
            signing_key=signing_key,
            pyodide_wheels=_folder_of("PYODIDE_WHEELS"),
        ),
    )
    with output.progress() as show:
        report = build(build_options, show)
    rows = [_row_of(model) for model in report.models]
    headings = ("model", "size", "export", "max diff", "mean diff", "top-1", "seconds")
    output.table(headings, rows)
    output.line("")
    output.table(
        ("what visitors download", "size", "max diff", "probability", "top-1", "outcome"),
        [row for model in report.models for row in _variant_rows(model.record)],
    )
    for model in report.models:
        if model.record.verification["dead"]:
            output.warning(
                f"{model.record.spec.name}: its logits do not depend on the picture (--allow-dead)."
            )
        if model.record.no_plan:
            output.warning(
                f"{model.record.spec.name}: built without the compiled backend: {model.record.no_plan}"
            )
    bundle = report.bundle
    sizes = ", ".join(f"{name} {size / 1024:.1f}" for name, size in bundle.scripts_gzipped.items())
    output.line(f"Scripts, KiB gzipped: {sizes}")
    if bundle.engine_compressed:
        sizes = ", ".join(f"{name} {size / 1024:.1f}" for name, size in bundle.engine_compressed.items())
        output.line(f"Engine, KiB in brotli: {sizes}")
    output.line(f"{options.out}: {len(bundle.files)} files, {bundle.size / 2**20:.0f} MiB")
    if signing_key:
        output.line(f"signed with {options.sign}; publish its public key: docs/signing.md")
    output.line(
        "Look at it: python build.py serve" + ("" if options.out == ROOT / "site" else f" {options.out}")
    )


def _row_of(model: "BuiltModel") -> tuple[str, ...]:
    record, figures = model.record, model.record.verification
    return (
        record.spec.name,
        f"{record.plain.size / 2**20:.2f} MiB" if record.plain else "left out",
        f"opset {record.spec.opset}",
        f"{figures['logits_max_abs_diff']:.1e}",
        f"{figures['logits_mean_abs_diff']:.1e}",
        f"{figures['top1_agreement']:.1%}",
        "kept" if model.seconds is None else f"{model.seconds:.1f}",
    )


def _variant_rows(record: "ModelRecord") -> Iterator[tuple[str, ...]]:
    outcomes: list[tuple[str, int, Mapping[str, Any] | None, str]] = [
        (variant.name, variant.weights.size, variant.verification, "default" if not index else "passed")
        for index, variant in enumerate(record.variants)
    ]
    outcomes += [
        (entry["name"], entry["size"], entry["verification"], f"refused: {entry['reason']}")
        for entry in record.refused
    ]
    for name, size, figures, outcome in outcomes:
        measured = (
            (
                f"{figures['logits_max_abs_diff']:.1e}",
                f"{figures['probabilities_max_abs_diff']:.1e}",
                f"{figures['top1_agreement']:.1%}",
            )
            if figures
            else ("–", "–", "–")
        )
        yield f"{record.spec.name} {name}", f"{size / 2**20:.2f} MiB", *measured, outcome


def _verify(options: argparse.Namespace, output: Output) -> None:
    from converter.recheck import recheck
    from converter.signing import check_signature
    from converter.signing_keys import PublicKey

    public_key = PublicKey.read(options.public_key) if options.public_key else None
    with output.progress() as show:
        result = recheck(options.site, show, options.cache / "web")
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
    problems, signature = list(result.problems), ""
    try:
        signature = check_signature(options.site, public_key)
    except SignatureError as error:
        problems.append(str(error))
    if problems:
        raise SiteError(options.site, problems)
    output.line(f"{options.site}: all {result.files} files are as they were built")
    if signature:
        output.line(signature)


def _serve(options: argparse.Namespace, output: Output) -> None:
    from converter.serving import serve_as, serve_parity, serve_site

    if options.parity:
        serve_parity(options.site, options.port, options.address, options.parity_dir, output)
    elif options.host:
        serve_as(options.host, options.site, options.port, options.address, output)
    else:
        serve_site(options.site, options.port, options.address, output)


def _report(options: argparse.Namespace, output: Output) -> None:
    from converter.report import report_html

    content = report_html(options.site, options.parity_dir)
    path = options.parity_dir / "report.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    output.line(f"{path}: {len(content) / 1024:.0f} KiB, one file that needs no other")
