"""Completes the entry of a model from the facts of its file: what is taken, and what has to be asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch2web.errors import OptionError
from torch2web.inspection.facts import FileFacts
from torch2web.inspection.usual import UsualPreprocessing, usual_preprocessing

_SHOWN_LABELS = 6

Usual = Callable[[Mapping[str, Any], tuple[int, int] | None, int], UsualPreprocessing]
"""`usual_preprocessing`, or one that keeps what it found."""


@dataclass(frozen=True)
class Taken:
    """A value that nobody typed."""

    what: str
    value: str
    origin: str
    """Why this value."""
    option: str
    """The options that overrule it."""


@dataclass(frozen=True)
class Missing:
    """A value that the file does not say."""

    option: str
    question: str
    """What the option says, for people."""
    likely: str
    """A value for the option; a placeholder where nothing is likely."""
    known: bool
    """Whether `likely` may be taken without being typed."""


@dataclass(frozen=True)
class Proposal:
    """An entry of the catalogue as far as it is known. Complete where nothing is missing."""

    entry: Mapping[str, Any]
    taken: tuple[Taken, ...]
    missing: tuple[Missing, ...]


def complete(given: Mapping[str, Any], facts: FileFacts, usual: Usual = usual_preprocessing) -> Proposal:
    """The entry `given` on the command line, with what `facts` add to it.

    Raises OptionError where an option contradicts the file.
    """
    entry = dict(given)
    taken: list[Taken] = []
    missing: list[Missing] = []
    _network(entry, facts, taken, missing)
    _labels_and_task(entry, facts, taken, missing)
    _preprocessing(entry, facts, usual, taken, missing)
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
        question = f"the network of these weights; likely {likely.name}: {likely.reason}"
        missing.append(Missing(likely.option, question, likely.name, known=likely.fits))
    else:
        question = "the function that builds the network, as module:function, in the current folder too"
        missing.append(Missing("--factory", question, "my_package.nets:build", known=False))


def _labels_and_task(
    entry: dict[str, Any], facts: FileFacts, taken: list[Taken], missing: list[Missing]
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
        missing.append(Missing("--labels", f"the {number} {what}", _placeholder(wanted), known=False))
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
            taken.append(Taken("task", "softmax", "classes that exclude each other", "--task"))
    expected = 1 if entry.get("task") == "binary" else labels
    if count is not None and expected != count:
        reason = f": {facts.outputs_reason}" if facts.outputs_reason else ""
        problem = f"found {labels} ({shown_labels(entry['labels'])}), expected {count}{reason}"
        origin = next((item.origin for item in taken if item.what == "labels"), "")
        raise OptionError("--labels", f"{problem}; they are the file's {origin}" if origin else problem)


def _preprocessing(
    entry: dict[str, Any], facts: FileFacts, find_usual: Usual, taken: list[Taken], missing: list[Missing]
) -> None:
    pixels = dict(entry.get("preprocessing", {}))
    if "color" not in pixels and facts.channels == 1:
        pixels["color"] = "grey"
        taken.append(Taken("color", "grey", "the network's input has one channel", "--color"))
    channels = 1 if pixels.get("color") == "grey" else 3
    if facts.channels is not None and facts.channels != channels:
        if facts.channels not in (1, 3):
            problem = (
                f"the network's input has {facts.channels} channels, expected 1 (grey) or 3 (rgb or bgr)"
            )
        else:
            problem = (
                f"found {pixels.get('color', 'rgb')}, but the network's input has {facts.channels} channels"
            )
        raise OptionError("--color", problem)
    if all(key in pixels for key in ("steps", "mean", "std")):
        _require_channels(pixels, channels)
        entry["preprocessing"] = pixels
        return
    usual = find_usual(_with_likely_network(entry, missing), facts.size, channels)
    adopted = [key for key in ("steps", "mean", "std") if key not in pixels and usual.origin]
    for key in adopted:
        pixels[key] = usual.entry[key]
    if adopted:
        values = "; ".join(shown_pixels({key: pixels[key]}) for key in adopted)
        taken.append(Taken("preprocessing", values, usual.origin, "--resize --crop --mean --std"))
    _ask_for_pixels(pixels, usual, missing)
    _require_channels(pixels, channels)
    if pixels:
        entry["preprocessing"] = pixels


def _with_likely_network(entry: Mapping[str, Any], missing: list[Missing]) -> Mapping[str, Any]:
    """`entry`, with the likely network where it has none: its preprocessing is then the likely one."""
    likely = [
        item for item in missing if item.known and item.option in ("--factory", "--timm", "--architecture")
    ]
    return {**entry, **{item.option.removeprefix("--"): item.likely for item in likely}}


def _require_channels(pixels: Mapping[str, Any], channels: int) -> None:
    for key in ("mean", "std"):
        if len(pixels.get(key, ())) not in (0, channels):
            word = "grey" if channels == 1 else pixels.get("color", "rgb")
            raise OptionError(f"--{key}", f"found {len(pixels[key])} number(s), expected {channels}: {word}")


def _ask_for_pixels(pixels: Mapping[str, Any], usual: UsualPreprocessing, missing: list[Missing]) -> None:
    questions = {
        "steps": ("--resize", "how images get the network's size: HxW, or N for the shorter side and --crop"),
        "mean": ("--mean", "what was subtracted from each channel in training"),
        "std": ("--std", "what each channel was divided by in training"),
    }
    for key, (option, question) in questions.items():
        if key not in pixels:
            missing.append(Missing(option, question, likely_text(key, usual.entry[key]), known=True))


def likely_text(key: str, value: Any) -> str:
    """A value of `preprocessing` as an option takes it."""
    if key == "steps":
        height, width = value[0]["size"]
        return f"{height}x{width}"
    return ",".join(f"{number:g}" for number in value)


def shown_pixels(pixels: Mapping[str, Any]) -> str:
    """`preprocessing` in words."""
    parts = []
    for step in pixels.get("steps", ()):
        size = step.get("size", step.get("padding"))
        size = f"{size[0]}x{size[1]}" if isinstance(size, list | tuple) else size
        parts.append(" ".join(map(str, (step["op"], size, *([step["filter"]] if "filter" in step else [])))))
    parts.extend(f"{key} {likely_text(key, pixels[key])}" for key in ("mean", "std") if key in pixels)
    return ", ".join(parts)


def shown_labels(labels: tuple[str, ...] | list[str]) -> str:
    """The first labels, and how many there are."""
    more = f", … {len(labels):,} in all" if len(labels) > _SHOWN_LABELS else ""
    return ", ".join(labels[:_SHOWN_LABELS]) + more


def _placeholder(count: int | None) -> str:
    letters = "ABCDEFGHIJ"
    if count is None or count > len(letters):
        return "A,B,…"
    return ",".join(letters[:count])
