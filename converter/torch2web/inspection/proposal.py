"""Completes the entry of a model from the facts of its file: what is taken, and what has to be asked."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch2web.errors import OptionError
from torch2web.inspection.answers import Missing, Proposal, Taken
from torch2web.inspection.facts import FileFacts
from torch2web.inspection.propose_preprocessing import Usual, propose_preprocessing
from torch2web.inspection.usual import usual_preprocessing
from torch2web.inspection.wording import shown_labels

_OWN = "my_package.nets:build"
"""A placeholder for a user's function."""


def complete(
    given: Mapping[str, Any],
    facts: FileFacts,
    usual: Usual = usual_preprocessing,
    folders: Sequence[str] = (),
) -> Proposal:
    """The entry `given` on the command line, with what `facts` add to it.

    `folders` are names of subfolders with pictures: the likely labels if there is one for each output.

    Raises OptionError where an option contradicts the file.
    """
    entry = dict(given)
    taken: list[Taken] = []
    missing: list[Missing] = []
    _network(entry, facts, taken, missing)
    _labels_and_task(entry, facts, taken, missing, folders)
    propose_preprocessing(entry, facts, usual, taken, missing)
    return Proposal(entry, tuple(taken), tuple(missing))


def _network(entry: dict[str, Any], facts: FileFacts, taken: list[Taken], missing: list[Missing]) -> None:
    option = next((key for key in ("factory", "timm", "architecture") if key in entry), "")
    if facts.holds_network:
        if option:
            problem = f"the file holds its network itself ({facts.format}), expected no --{option}"
            raise OptionError(f"--{option}", f"{problem}; leave it out")
        return
    if option:
        return
    if "factory_args" in entry:
        raise OptionError("--factory-args", "goes with --factory or --timm")
    likely = facts.networks[0] if facts.networks else None
    if likely and likely.certain:
        entry[likely.option.removeprefix("--")] = likely.name
        taken.append(Taken("network", likely.name, likely.reason, "--factory or --timm"))
    elif likely:
        name = f"likely {likely.name}: " if likely.fits and likely.name not in likely.reason else ""
        question = f"the network of these weights; {name}{likely.reason}"
        missing.append(Missing(likely.option, question, likely.name or _OWN, known=likely.fits))
    else:
        question = "the function that builds the network, as module:function, in the current folder too"
        missing.append(Missing("--factory", question, _OWN, known=False))


def _labels_and_task(
    entry: dict[str, Any],
    facts: FileFacts,
    taken: list[Taken],
    missing: list[Missing],
    folders: Sequence[str],
) -> None:
    count = facts.outputs
    if entry.get("task") == "embedding":
        if "labels" in entry:
            raise OptionError("--labels", "an embedding has none; leave them out")
        return
    if "labels" not in entry and facts.labels:
        entry["labels"] = list(facts.labels)
        taken.append(Taken("labels", shown_labels(facts.labels), facts.labels_origin, "--labels"))
    if "labels" not in entry:
        number = "names" if count is None else f"{count} names"
        task = entry.get("task", "softmax")
        wanted = 2 if task == "binary" or (count == 1 and "task" not in entry) else count
        if count == 1 and "task" not in entry:
            number = "two names: of a low output and of a high one"
        what = "of the numbers" if task == "regression" else "of the classes in the order of the outputs"
        question, likely = f"the {number} {what}", _placeholder(wanted)
        if task != "regression" and (found := _folders_as_labels(folders, wanted)):
            question += "; likely the folders of --images, in the order of torchvision's ImageFolder"
            missing.append(Missing("--labels", question, found, known=True))
        else:
            missing.append(Missing("--labels", question, likely, known=False))
        return
    labels = len(entry["labels"])
    if "task" not in entry:
        if count == 1 and labels == 2:
            entry["task"] = "binary"
            taken.append(Taken("task", "binary", "one output for two labels", "--task"))
        elif count == 1 and labels == 1:
            question = "what the single output means: regression, or sigmoid of a logit"
            missing.append(Missing("--task", question, "regression", known=True))
            return
        else:
            entry["task"] = "softmax"
            taken.append(Taken("task", "softmax", "classes that exclude each other", "--task"))
    expected = 1 if entry.get("task") == "binary" else labels
    if count is not None and expected != count and "output_name" not in entry:
        reason = f": {facts.outputs_reason}" if facts.outputs_reason else ""
        problem = f"found {labels} ({shown_labels(entry['labels'])}), expected {count}{reason}"
        origin = next((item.origin for item in taken if item.what == "labels"), "")
        problem += f"; they are the file's {origin}" if origin else ""
        advice = "\n--output-name names another of its outputs." if facts.several_outputs else ""
        raise OptionError("--labels", problem + advice)


def _folders_as_labels(folders: Sequence[str], count: int | None) -> str:
    """As `--labels` takes them; empty unless there is one for each output."""
    fits = count is not None and len(folders) == count and not any("," in name for name in folders)
    return ",".join(sorted(folders)) if fits else ""


def _placeholder(count: int | None) -> str:
    letters = "ABCDEFGHIJ"
    if count is None or count > len(letters):
        return "A,B,…"
    return ",".join(letters[:count])
