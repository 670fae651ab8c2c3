"""Completes the preprocessing of an entry."""

from collections.abc import Callable, Mapping
from typing import Any

from torch2web.errors import OptionError
from torch2web.images import channels_after, read_steps, size_after
from torch2web.inspection.answers import Missing, Taken
from torch2web.inspection.facts import FileFacts
from torch2web.inspection.usual import UsualPreprocessing
from torch2web.inspection.wording import likely_text, shown_pixels

Usual = Callable[[Mapping[str, Any], tuple[int, int] | None, int], UsualPreprocessing]
"""`usual_preprocessing`, or one that keeps what it found."""


def propose_preprocessing(
    entry: dict[str, Any], facts: FileFacts, find_usual: Usual, taken: list[Taken], missing: list[Missing]
) -> None:
    """Complete `preprocessing` of `entry`. Raises OptionError where it contradicts the file."""
    pixels = dict(entry.get("preprocessing", {}))
    if "color" not in pixels and facts.channels == 1:
        pixels["color"] = "grey"
        taken.append(Taken("color", "grey", "the network's input has one channel", "--color"))
    channels = _channels(pixels)
    for key in ("mean", "std"):
        if len(pixels.get(key, ())) == 1:  # one number for all channels
            pixels[key] = list(pixels[key]) * channels
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
    if not all(key in pixels for key in ("steps", "mean", "std")):
        _adopt(pixels, entry, facts, find_usual, taken, missing)
    _require_channels(pixels, channels)
    _require_size(pixels, facts.size)
    if pixels:
        entry["preprocessing"] = pixels


def _adopt(
    pixels: dict[str, Any],
    entry: Mapping[str, Any],
    facts: FileFacts,
    find_usual: Usual,
    taken: list[Taken],
    missing: list[Missing],
) -> None:
    """Take what is known of the network, and ask for the rest."""
    if facts.preprocessing:
        usual = UsualPreprocessing(facts.preprocessing, facts.preprocessing_origin)
    else:
        usual = find_usual(_with_likely_network(entry, missing), facts.size, _channels(pixels))
    adopted = [key for key in usual.entry if key not in pixels and usual.origin]
    for key in adopted:
        pixels[key] = usual.entry[key]
    if adopted:
        values = "; ".join(shown_pixels({key: pixels[key]}) for key in adopted)
        taken.append(Taken("preprocessing", values, usual.origin, "--resize --crop --mean --std"))
    _ask_for_pixels(pixels, usual, missing)


def _channels(pixels: Mapping[str, Any]) -> int:
    return channels_after(read_steps(pixels.get("steps", ())), 1 if pixels.get("color") == "grey" else 3)


def _require_size(pixels: Mapping[str, Any], wanted: tuple[int, int] | None) -> None:
    """The size that the steps give, against the one that the network's file has."""
    found = size_after(read_steps(pixels.get("steps", ())))
    if found and wanted and found != wanted:
        problem = f"they give {found[0]}x{found[1]}, but the network's input is {wanted[0]}x{wanted[1]}"
        raise OptionError("--resize and --crop", problem)


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
            raise OptionError(f"--{key}", f"found {len(pixels[key])} numbers, expected {channels}: {word}")


def _ask_for_pixels(pixels: Mapping[str, Any], usual: UsualPreprocessing, missing: list[Missing]) -> None:
    questions = {
        "steps": ("--resize", "how images get the network's size: HxW, or N for the shorter side and --crop"),
        "mean": ("--mean", "what was subtracted from each channel in training"),
        "std": ("--std", "what each channel was divided by in training"),
    }
    for key, (option, question) in questions.items():
        if key not in pixels:
            missing.append(Missing(option, question, likely_text(key, usual.entry[key]), known=True))
