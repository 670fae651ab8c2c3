"""The command line: arguments in, exit code out."""

import argparse
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from torch2web.cli.options import VERSION_COMMANDS, Defaults, absolute, parse_options
from torch2web.cli.terminal import Output
from torch2web.errors import FailedModelsError, OutputError, SignatureError, SiteError, Torch2WebError
from torch2web.site.manifest import Backends

if TYPE_CHECKING:
    from torch2web.catalog import SiteSettings
    from torch2web.pipeline import ChosenModel

_MAX_REPEATED = 5
"""Names of several classes that a note lists."""


def main(
    arguments: Sequence[str] | None = None,
    defaults: Defaults | None = None,
    prepare: Callable[[], object] | None = None,
) -> int:
    """Run the command and return its exit code. `prepare` is called before a site is built."""
    defaults = defaults or Defaults.installed()
    options = parse_options(sys.argv[1:] if arguments is None else arguments, defaults)
    output = Output()
    signal.signal(signal.SIGTERM, _interrupt)
    commands = {
        "build": _build,
        "add": _add,
        "doctor": _doctor,
        "verify": _verify,
        "serve": _serve,
        "report": _report,
        **dict.fromkeys(VERSION_COMMANDS, _of_versions),
    }
    try:
        if prepare and options.command == "build":
            prepare()
        commands[options.command](options, output)
    except Torch2WebError as error:
        output.error(f"{error}{_with_answers(options)}", type(error).__name__)
        return error.exit_code
    except OSError as error:
        output.error(f"{error.filename or 'the system'}: {error.strerror or error}{_with_answers(options)}")
        return OutputError.exit_code
    except KeyboardInterrupt:
        out = getattr(options, "out", None)
        kept = "; the existing output is unchanged" if out is not None and out.exists() else ""
        output.error(f"interrupted{kept}{_with_answers(options)}")
        return 130
    return 0


def _with_answers(options: argparse.Namespace) -> str:
    """The command with all answers, so that none has to be typed again; "" where nothing was asked."""
    if not options.answers:
        return ""
    from torch2web.cli.own_model import command_with_answers

    return f"\nThe command with your answers:\n  {command_with_answers(options)}"


def _folder_of(variable: str) -> Path | None:
    """The folder that an environment variable names, if it does."""
    return absolute(os.environ[variable]) if os.environ.get(variable) else None


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _build(options: argparse.Namespace, output: Output) -> None:
    from torch2web.cli.site_sizes import parts_of_size
    from torch2web.cli.summary import print_summary
    from torch2web.pipeline import BuildOptions, Machines, build
    from torch2web.site.manifest import Delivery
    from torch2web.site.signing import UNLOCKED_BY, SigningKey

    signing_key = SigningKey.read(options.sign, os.environ.get(UNLOCKED_BY)) if options.sign else None
    models = _models(options, output)
    if any(path is None for _, path in models):
        output.warning("No --checkpoints given: building with demo weights, trained on drawn faces.")
    for spec, _ in models:
        _note_repeated_labels(output, spec.labels)
    if options.images:
        from torch2web.cli.picture_folders import warn_of_folders

        warn_of_folders(output, options.images, [spec for spec, _ in models])
    build_options = BuildOptions(
        models=models,
        out=options.out,
        cache=options.cache,
        allow_dead=options.allow_dead,
        search=options.effort == "full",
        images=options.images,
        settings=_settings(options),
        templates=options.template,
        machines=Machines(options.jobs, options.memory, options.dask),
        keep_going=options.keep_going,
        delivery=Delivery(
            max_file_size=options.max_file_size,
            backends=Backends(options.backend),
            full_onnx=options.full_onnx,
            variants=options.variants,
            precompressed=options.precompressed,
            verify_page=options.verify_page,
            docs=options.docs,
            signing_key=signing_key,
            pyodide_wheels=_folder_of("PYODIDE_WHEELS"),
        ),
    )
    with output.progress() as show:
        report = build(build_options, show)
    print_summary(output, report.models)
    bundle = report.bundle
    if report.own_samples:
        output.warning(
            f"{report.own_samples} of your own pictures are in the site as they are, with what cameras store "
            "in them, such as the place; you publish them, under a licence of yours."
        )
    output.line(f"{options.out}: {len(bundle.files)} files, {bundle.size / 2**20:.0f} MiB")
    if parts := parts_of_size(bundle.files):
        output.line(f"  {parts}")
    if signing_key:
        output.line(f"signed with {options.sign}; publish its public key: docs/signing.md")
    output.line(f"Look at it: {options.serve_command}")
    if report.failures:
        raise FailedModelsError(report.failures, len(models), "the site has the others")


def _note_repeated_labels(output: Output, labels: Sequence[str]) -> None:
    """Names of several classes are allowed, as ImageNet has some, but may be a slip."""
    repeated = [f"{label!r} names {count} classes" for label, count in Counter(labels).items() if count > 1]
    if repeated:
        more = f", … {len(repeated) - _MAX_REPEATED} more" if len(repeated) > _MAX_REPEATED else ""
        output.line(f"note: {', '.join(repeated[:_MAX_REPEATED])}{more}")


def _models(options: argparse.Namespace, output: Output) -> "tuple[ChosenModel, ...]":
    from torch2web.catalog.default import demo_catalog
    from torch2web.cli.own_model import describe_model
    from torch2web.pipeline import choose_models

    if options.file:
        return ((describe_model(options, output, options.file.name, options.cache).spec, options.file),)
    catalog = demo_catalog() if options.demo else options.catalog
    return choose_models(
        catalog, options.only, options.checkpoints, options.cache, missing_ok=options.keep_going
    )


def _settings(options: argparse.Namespace) -> "SiteSettings":
    from torch2web.catalog import SiteSettings, load_site_settings
    from torch2web.catalog.default import demo_catalog

    settings = SiteSettings()
    if not options.file:
        settings = load_site_settings(demo_catalog() if options.demo else options.catalog)
    return settings if options.samples is None else replace(settings, samples=options.samples)


def _add(options: argparse.Namespace, output: Output) -> None:
    from torch2web.catalog import write_entry
    from torch2web.cli.own_model import describe_model

    folder = options.catalog.parent
    inside = options.file.is_relative_to(folder)
    # A path below the catalogue's folder stays valid where the folder moves.
    checkpoint = options.file.relative_to(folder).as_posix() if inside else str(options.file)
    own = describe_model(options, output, checkpoint)
    _note_repeated_labels(output, own.spec.labels)
    write_entry(options.catalog, own.entry)
    output.line(f"{options.catalog}: added {own.spec.name!r}. Build it: {options.build_command}")


def _doctor(options: argparse.Namespace, output: Output) -> None:
    from torch2web.cli.doctor import examine_file

    examine_file(options, output)


def _verify(options: argparse.Namespace, output: Output) -> None:
    from torch2web.site.recheck import recheck
    from torch2web.site.signing import PublicKey, check_signature

    public_key = PublicKey.read(options.public_key) if options.public_key else None
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
    from torch2web.cli.serving import serve_as, serve_parity, serve_site

    if options.api:
        from torch2web.cli.serving_api import serve_predictions

        serve_predictions(options, output)
    elif options.parity:
        serve_parity(options.site, options.port, options.address, options.parity_dir, output)
    elif options.host:
        serve_as(options.host, options.site, options.port, options.address, output)
    else:
        serve_site(options.site, options.port, options.address, output, options.allow_origin)


def _report(options: argparse.Namespace, output: Output) -> None:
    from torch2web.cli.reporting import write_reports

    write_reports(options, output)


def _of_versions(options: argparse.Namespace, output: Output) -> None:
    from torch2web.cli.versions import run_version_command

    run_version_command(options, output)
