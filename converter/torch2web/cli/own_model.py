"""The model of one file: its options and facts become an entry; what is missing is asked or listed."""

import argparse
import json
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch2web.architectures import architecture_names
from torch2web.catalog import ModelSpec, Source, parse_entry, require_valid_keys
from torch2web.cli.model_entry import entry_from, looks_like_model, name_of
from torch2web.cli.options import MODEL_OPTIONS
from torch2web.cli.terminal import Output, ask
from torch2web.errors import CatalogError, CheckpointError, FactoryError, MissingOptionsError, OptionError
from torch2web.inspection import FileFacts, Inspector, Missing, Proposal, complete

_OPTION_OF = {
    "preprocessing.steps": "--resize",
    "preprocessing.color": "--color",
    "preprocessing.scale": "--scale",
    "preprocessing.mean": "--mean",
    "preprocessing.std": "--std",
}
"""Options of keys whose names differ; others are `--key`."""
_MAX_FILES = 10
"""Of a folder, that an error lists."""
_NETWORKS = ("--factory", "--timm", "--architecture")


@dataclass(frozen=True)
class OwnModel:
    """A model that was described on the command line, complete."""

    entry: Mapping[str, Any]
    spec: ModelSpec


def describe_model(
    options: argparse.Namespace, output: Output, checkpoint: str, cache: Path | None = None
) -> OwnModel:
    """The model of `options.file`, with what is missing asked for on a terminal; says what was taken.

    `checkpoint` is the file as the entry names it; `cache` keeps what was read. Raises InputError.
    """
    path: Path = options.file
    require_file(options)
    inspector = Inspector(cache)
    given = entry_from(options)
    with _errors_of_options(given):  # before the file is read
        require_valid_keys(path, {"checkpoint": checkpoint, **given})
    with output.progress() as show:
        show(f"Reading {path.name}", 0, 1)
        facts = inspector.facts(path, given)
    folders = _labelled_folders(options)
    proposal = complete(given, facts, inspector.usual, folders)
    _say_facts(output, path, facts)
    if proposal.missing and not options.yes and not sys.stdin.isatty():
        raise _missing(options, proposal)
    assumed: list[tuple[str, str]] = []
    while proposal.missing:
        first = proposal.missing[0]
        if options.yes:
            if not first.known:
                raise _missing(options, proposal)
            assumed.append((first.option, first.likely))
            _answer(options, first, first.likely)
            proposal = complete(entry_from(options), facts, inspector.usual, folders)
            continue
        options.answers.append(_answer(options, first, ask(output, first)))
        try:
            _check_answer(options, output, first, checkpoint)
            proposal = complete(entry_from(options), facts, inspector.usual, folders)
        except (OptionError, FactoryError) as error:
            output.error(str(error))
            _take_back(options, first)
    for taken in proposal.taken:
        output.line(f"  {taken.what}: {taken.value} ({taken.origin}; to change it: {taken.option})")
    for option, value in assumed:
        output.warning(f"  {option} {value}: the likely value, taken without asking")
    entry = {"name": proposal.entry["name"], "checkpoint": checkpoint, **proposal.entry}
    with _errors_of_options(entry):
        return OwnModel(entry, parse_entry(path, entry))


def require_file(options: argparse.Namespace) -> None:
    """Raise CheckpointError where `options.file` is no file; of a folder, its checkpoints are listed."""
    path: Path = options.file
    if path.is_dir():
        problem = f"it is a folder; {options.command} takes one file"
        raise CheckpointError(path, problem, _files_in(path, f"{options.run} {options.command}"))
    if not path.exists():
        raise CheckpointError(path, "there is no such file")


def _files_in(folder: Path, command: str) -> str:
    """Files in `folder`, or else one level below, that may be checkpoints; a command for the first."""
    found: list[Path] = []
    for pattern in ("*", "*/*"):
        found = found or sorted(path for path in folder.glob(pattern) if looks_like_model(path))
    if not found:
        return "No file in it looks like a checkpoint or an ONNX file."
    shown = [path.relative_to(folder).as_posix() for path in found[:_MAX_FILES]]
    more = f", … {len(found) - _MAX_FILES} more" if len(found) > _MAX_FILES else ""
    first = found[0].relative_to(Path.cwd()) if found[0].is_relative_to(Path.cwd()) else found[0]
    return f"It has {', '.join(shown)}{more}. For the first:\n  {command} {shlex.quote(str(first))}"


@contextmanager
def _errors_of_options(given: Mapping[str, Any]) -> Iterator[None]:
    """Errors of a catalogue's keys as those of the options that set them. Raises OptionError."""
    try:
        yield
    except CatalogError as error:
        key = next((key for key in _OPTION_OF if error.key.startswith(key)), error.key.partition("[")[0])
        option = _OPTION_OF.get(key, f"--{key.partition('.')[0].replace('_', '-')}")
        raise OptionError(option, error.problem + _suggested(option, given)) from error


def _suggested(option: str, given: Mapping[str, Any]) -> str:
    """A valid value that is much like an invalid one; empty where none is."""
    if option == "--name":
        return f"; try {name_of(Path(given['name']))}"
    module, _, function = str(given.get("factory", "")).partition(":")
    if option == "--factory" and function:
        parts = [part for part in module.removesuffix(".py").replace("\\", "/").split("/") if part != "."]
        if all(map(str.isidentifier, parts)):
            return f"; try {'.'.join(parts)}:{function}"
    return ""


def _say_facts(output: Output, path: Path, facts: FileFacts) -> None:
    counted = f"{facts.tensors:,} tensors, {facts.parameters:,} parameters" if facts.tensors else ""
    output.line(f"{path.name}: " + ", ".join(filter(None, (facts.format, counted, facts.outputs_reason))))


def _missing(options: argparse.Namespace, proposal: Proposal) -> MissingOptionsError:
    listed = {item.option: item.question for item in proposal.missing}
    command = command_with(options, proposal.missing)
    return MissingOptionsError(options.file, listed, command, guesses(proposal.missing))


def guesses(missing: Sequence[Missing]) -> list[str]:
    """What of a proposed command is a guess, and what is a placeholder, in words."""
    likely = [f"{item.option} {item.likely}" for item in missing if item.known]
    placeholders = [f"{item.option} {item.likely}" for item in missing if not item.known]
    return [
        f"{kind}: {', '.join(found)}"
        for kind, found in (("guesses, which you check", likely), ("to be filled in", placeholders))
        if found
    ]


def command_with(options: argparse.Namespace, missing: Sequence[Missing]) -> str:
    """The command that was typed, with likely values for what was missing."""
    return _joined(options.typed, [(item.option, item.likely) for item in missing])


def command_with_answers(options: argparse.Namespace) -> str:
    """The command that was typed, with the answers that were given on the terminal."""
    return _joined(options.typed, options.answers)


def _joined(typed: Sequence[str], values: Sequence[tuple[str, str]]) -> str:
    added = [
        part
        for flag, value in values
        for part in ([f"{flag}={value}"] if value.startswith("-") else [flag, value])
    ]
    return shlex.join([*typed, *added])


def _check_answer(options: argparse.Namespace, output: Output, item: Missing, checkpoint: str) -> None:
    """Raise OptionError or FactoryError for a wrong answer; asks for arguments that a function lacks."""
    from torch2web.sources import require_factory

    given = entry_from(options)
    with _errors_of_options(given):
        require_valid_keys(options.file, {"checkpoint": checkpoint, **given})
    if item.option not in _NETWORKS:
        return
    try:
        require_factory(Source.from_dict(given))
    except FactoryError as error:
        if not error.lacking:
            raise
        likely = json.dumps(dict.fromkeys(error.lacking, "…"), ensure_ascii=False)
        arguments = Missing("--factory-args", f"{error.factory}: {error.problem}", likely, known=False)
        options.answers.append(_answer(options, arguments, ask(output, arguments)))
        require_factory(Source.from_dict(entry_from(options)))


def _take_back(options: argparse.Namespace, item: Missing) -> None:
    """Forget the answer to `item`, and what was asked because of it."""
    flags = (*_NETWORKS, "--factory-args") if item.option in _NETWORKS else (item.option,)
    for flag, _ in [answer for answer in options.answers if answer[0] in flags]:
        setattr(options, _dest(flag), None)
    options.answers = [answer for answer in options.answers if answer[0] not in flags]


def _answer(options: argparse.Namespace, item: Missing, answer: str) -> tuple[str, str]:
    """Set the option that `answer` belongs to; returns it with its value."""
    flag = item.option
    if flag in _NETWORKS and answer != item.likely:
        flag = _network_option(answer)
    setattr(options, _dest(flag), answer)
    return flag, answer


def _dest(flag: str) -> str:
    return next(option.dest for option in MODEL_OPTIONS if option.flag == flag)


def _network_option(answer: str) -> str:
    """The option for a network that was typed where another was likely."""
    if ":" in answer:
        return "--factory"
    return "--architecture" if answer in architecture_names() else "--timm"


def _labelled_folders(options: argparse.Namespace) -> list[str]:
    """Subfolders of --images; none where the option is absent, or its folder, of which the build tells."""
    images: Path | None = getattr(options, "images", None)
    if images is None or not images.is_dir():
        return []
    return [entry.name for entry in images.iterdir() if entry.is_dir() and not entry.name.startswith(".")]
