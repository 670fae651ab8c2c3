"""The model of one file: its options and facts become an entry; what is missing is asked or listed."""

import argparse
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch2web.architectures import architecture_names
from torch2web.catalog import ModelSpec, parse_entry, require_valid_keys
from torch2web.cli.model_entry import entry_from
from torch2web.cli.options import MODEL_OPTIONS
from torch2web.cli.terminal import Output, ask
from torch2web.errors import CatalogError, CheckpointError, MissingOptionsError, OptionError
from torch2web.inspection import FileFacts, Inspector, Missing, Proposal, complete

_OPTION_OF = {
    "preprocessing.steps": "--resize",
    "preprocessing.color": "--color",
    "preprocessing.scale": "--scale",
    "preprocessing.mean": "--mean",
    "preprocessing.std": "--std",
}
"""Options of keys whose names differ; others are `--key`."""
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
    require_file(path)
    inspector = Inspector(cache)
    given = entry_from(options)
    with _errors_of_options():  # before the file is read
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
        if options.yes and not first.known:
            raise _missing(options, proposal)
        answer = first.likely if options.yes else ask(output, first)
        if options.yes:
            assumed.append((first.option, answer))
        _answer(options, first, answer)
        try:
            proposal = complete(entry_from(options), facts, inspector.usual, folders)
        except OptionError as error:
            if options.yes:
                raise
            output.error(str(error))
            _answer(options, first, None)
    for taken in proposal.taken:
        output.line(f"  {taken.what}: {taken.value} ({taken.origin}; to change it: {taken.option})")
    for option, value in assumed:
        output.warning(f"  {option} {value}: the likely value, taken without asking")
    entry = {"name": proposal.entry["name"], "checkpoint": checkpoint, **proposal.entry}
    with _errors_of_options():
        return OwnModel(entry, parse_entry(path, entry))


def require_file(path: Path) -> None:
    """Raise CheckpointError for a path that is no file."""
    if path.is_dir():
        raise CheckpointError(path, "it is a folder, expected a file; build takes one model of a file")
    if not path.exists():
        raise CheckpointError(path, "there is no such file")


@contextmanager
def _errors_of_options() -> Iterator[None]:
    """Errors of a catalogue's keys as those of the options that set them. Raises OptionError."""
    try:
        yield
    except CatalogError as error:
        key = next((key for key in _OPTION_OF if error.key.startswith(key)), error.key.partition("[")[0])
        option = _OPTION_OF.get(key, f"--{key.partition('.')[0].replace('_', '-')}")
        raise OptionError(option, error.problem) from error


def _say_facts(output: Output, path: Path, facts: FileFacts) -> None:
    counted = f"{facts.tensors:,} tensors, {facts.parameters:,} parameters" if facts.tensors else ""
    output.line(f"{path.name}: " + ", ".join(filter(None, (facts.format, counted, facts.outputs_reason))))


def _missing(options: argparse.Namespace, proposal: Proposal) -> MissingOptionsError:
    listed = {item.option: item.question for item in proposal.missing}
    return MissingOptionsError(options.file, listed, command_with(options, proposal.missing))


def command_with(options: argparse.Namespace, missing: Sequence[Missing]) -> str:
    """The command that was typed, with likely values for what was missing."""
    added = [part for item in missing for part in (item.option, item.likely)]
    return shlex.join([*options.typed, *added])


def _answer(options: argparse.Namespace, item: Missing, answer: str | None) -> None:
    flag = item.option
    if flag in _NETWORKS and answer and answer != item.likely:
        flag = _network_option(answer)
    option = next(option for option in MODEL_OPTIONS if option.flag == flag)
    setattr(options, option.dest, answer)


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
