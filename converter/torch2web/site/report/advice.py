"""Where a model had better run, from figures: in the browser or on a server, as primary or optional."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch2web.site.report.wording import count
from torch2web.site.writers import counted_answers, megabytes

MAX_PRIMARY = 10_000_000
"""Download in bytes up to which visitors need not be asked: about ten seconds at 8 Mbit/s."""

MAX_BROWSER = 100_000_000
"""Download in bytes up to which a browser is asked for it at all."""

MAX_MACS = 4_000_000_000
"""Multiply-adds of one image up to which a phone answers in about a second."""


_UNSAID = "browser, primary"
"""What stands in the manifest where the catalogue recommends nothing."""


@dataclass(frozen=True)
class Advice:
    target: str
    """browser or server"""
    role: str
    """primary or optional"""
    reason: str
    """One sentence with the figures."""
    catalogue: str
    """What the catalogue recommends where that is something else; empty where it is the same, or the default
    of a catalogue that says nothing."""

    @property
    def text(self) -> str:
        return f"{self.target}, {self.role}"


def advise(models: Sequence[Mapping[str, Any]]) -> tuple[Advice, ...]:
    """Advice for each of the manifest's `models`, which are alternatives for each other.

    Primary is, of those that suit a browser without a question, the one with the smallest download.
    """
    found = [_target(model) for model in models]
    small = [
        download_of(model)
        for model, (target, _) in zip(models, found, strict=True)
        if target == "browser" and download_of(model) <= MAX_PRIMARY
    ]
    advices = []
    for model, (target, why) in zip(models, found, strict=True):
        bytes_ = download_of(model)
        if target == "server":
            role, reason = "optional", why
        elif bytes_ > MAX_PRIMARY:
            role = "optional"
            reason = f"over {megabytes(MAX_PRIMARY)}, so visitors should be asked before it is downloaded"
        elif bytes_ == min(small):
            role = "primary"
            reason = "the smallest download of this site" if len(models) > 1 else "a small download"
        else:
            role = "optional"
            reason = f"it suits a browser, but another model needs only {megabytes(min(small))}"
        recommended = model.get("recommended", {})
        said = f"{recommended.get('target')}, {recommended.get('role')}" if recommended else ""
        sentence = f"{reason[0].upper()}{reason[1:]}: {_figures(model)}."
        advices.append(Advice(target, role, sentence, "" if said in (f"{target}, {role}", _UNSAID) else said))
    return tuple(advices)


def download_of(model: Mapping[str, Any]) -> int:
    """Bytes of the default variant and of the plan, or else the graph, that runs it."""
    how = model.get("plan") or model.get("graph") or {"size": 0}
    return int(how["size"] + model["variants"][0]["weights"]["size"])


def _target(model: Mapping[str, Any]) -> tuple[str, str]:
    """Browser or server, and why a server."""
    if model["verification"].get("dead"):
        return "server", "its outputs hardly depend on the picture; look into it before anybody uses it"
    if download_of(model) > MAX_BROWSER:
        return "server", f"over {megabytes(MAX_BROWSER)}, more than a browser should download"
    macs = model.get("complexity", {}).get("macs", 0)
    if macs > MAX_MACS:
        return "server", f"over {count(MAX_MACS)} multiply-adds, which take a phone seconds"
    return "browser", ""


def _figures(model: Mapping[str, Any]) -> str:
    default = model["variants"][0]
    figures = default["verification"]
    parts = [f"{megabytes(download_of(model))} as {default['name']}"]
    if macs := model.get("complexity", {}).get("macs"):
        parts.append(f"{count(macs)} multiply-adds a picture")
    if "top1_agreement" in figures:
        same, images, ties = counted_answers(figures)
        on = "all" if same == images else f"{same} of"
        tied = f" and {ties} tie{'s' * (ties > 1)}" if ties else ""
        parts.append(f"PyTorch's answer on {on} {images} pictures{tied}")
    elif "labels_agreement" in figures:
        share = figures["labels_agreement"]
        of = "all" if share == 1 else f"{100 * share:.4g} % of"
        parts.append(f"{of} labels as PyTorch's, on {figures['images']} pictures")
    elif "cosine_min" in figures:
        parts.append(f"cosine to PyTorch's vector at least {figures['cosine_min']:.6f}")
    elif "values_max_rel_diff" in figures:
        parts.append(f"within {100 * figures['values_max_rel_diff']:.3f} % of the range of PyTorch's numbers")
    return ", ".join(parts)
