"""The command `doctor`: what is wrong with a file, or right, and what to type next."""

import argparse
from pathlib import Path

from torch2web.cli.model_entry import entry_from
from torch2web.cli.own_model import command_with, guesses, require_file
from torch2web.cli.terminal import Output
from torch2web.errors import OptionError, UnsoundFileError
from torch2web.inspection import FileFacts, complete, examine, read_facts


def examine_file(options: argparse.Namespace, output: Output) -> None:
    """Print what is found in `options.file`.

    Raises UnsoundFileError for a file with problems, and CheckpointError for one that cannot be read.
    """
    path: Path = options.file
    require_file(options)
    findings = examine(path)
    problems = [(finding.text, finding.advice) for finding in findings if finding.advice]
    output.line(str(path))
    for finding in findings:
        if not finding.advice:
            output.line(f"  {finding.text}")
    facts = read_facts(path, entry_from(options))
    for line in _facts_in_words(facts):
        output.line(f"  {line}")
    try:
        proposal = complete(entry_from(options), facts)
    except OptionError as error:
        problems.append((str(error), "Correct the option, or the labels in the file."))
    else:
        for taken in proposal.taken:
            output.line(f"  {taken.what}: {taken.value} ({taken.origin})")
        for item in proposal.missing:
            output.line(f"  not said: {item.option}: {item.question}")
        for line in guesses(proposal.missing):
            output.line(f"  {line}")
        output.line(f"Next: {command_with(options, proposal.missing)}")
    if problems:
        raise UnsoundFileError(path, problems)


def _facts_in_words(facts: FileFacts) -> list[str]:
    lines = []
    if facts.outputs:
        lines.append(f"outputs: {facts.outputs:,} ({facts.outputs_reason})")
    if facts.channels or facts.size:
        channels = {1: "grey", 3: "colour"}.get(facts.channels or 0, f"{facts.channels} channels")
        lines.append(f"input: {channels}" + (f", {facts.size[0]}x{facts.size[1]}" if facts.size else ""))
    for network in facts.networks:
        named = f"{network.name}: " if network.name else ""
        lines.append(f"likely network: {named}{network.reason}")
    return lines
