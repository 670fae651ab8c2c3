"""Publishes sites to a store of versions, and lists, compares and removes them."""

import argparse
import os
from collections.abc import Sequence

from torch2web.cli.terminal import Output
from torch2web.site.signing import UNLOCKED_BY, SigningKey
from torch2web.sizes import shown_size
from torch2web.versions import ModelChange, Store, compare_builds, open_store


def run_version_command(options: argparse.Namespace, output: Output) -> None:
    """Run one of options.VERSION_COMMANDS. Raises Torch2WebError."""
    actions = {
        "publish": _publish,
        "versions": _versions,
        "rollback": _rollback,
        "diff": _diff,
        "prune": _prune,
    }
    key = getattr(options, "sign", None)
    password = os.environ.get(UNLOCKED_BY)
    store = open_store(options.store, SigningKey.read(key, password) if key else None)
    if options.command != "publish":
        store.require_store()
    actions[options.command](store, options, output)


def _publish(store: Store, options: argparse.Namespace, output: Output) -> None:
    found = store.publish(options.site, options.share)
    build = found.build
    canary = store.canary()
    role = f"{canary.share:.0%} of the visitors get it" if canary else "it is the latest"
    output.line(
        f"build {build.sequence} ({build.id}): {len(build.files)} files, {shown_size(build.size)}, "
        f"of which {shown_size(found.new_bytes)} are new; {role}"
    )
    latest, own = store.places(build)
    output.line(f"latest: {latest}; this build for ever: {own}")


def _versions(store: Store, _options: argparse.Namespace, output: Output) -> None:
    latest, canary = store.latest(), store.canary()
    roles = {latest: "latest", **({canary.build: f"next, {canary.share:.0%}"} if canary else {})}
    rows = [
        (
            f"{build.sequence}",
            build.id,
            ", ".join(f"{name}@{version}" for name, version in list(build.models.items())[:4])
            + (f", … {len(build.models)} in all" if len(build.models) > 4 else ""),
            shown_size(build.size),
            roles.get(build.id, ""),
        )
        for build in store.builds()
    ]
    output.table(("build", "id", "models", "size", ""), rows)


def _rollback(store: Store, options: argparse.Namespace, output: Output) -> None:
    build = store.rollback(options.build)
    output.line(f"build {build.sequence} ({build.id}) is the latest again, for all visitors")


def _diff(store: Store, options: argparse.Namespace, output: Output) -> None:
    old, new = store.find(options.old), store.find(options.new)
    with store.opened(old) as old_site, store.opened(new) as new_site:
        found = compare_builds((old, old_site), (new, new_site))
    headings = ("model", "version", "download", "new of it", "from PyTorch", "same answers")
    output.table(headings, [_row(model) for model in found.models])
    for model in found.models:
        for what, labels in zip(("removed", "added"), model.labels, strict=True):
            if labels and all(model.versions):
                output.line(f"{model.name}: labels {what}: {', '.join(labels)}")
        if model.moved:
            output.warning(f"{model.name}: labels reordered: {_moved(model.moved)}")
    output.line("from PyTorch: largest difference of a raw score from PyTorch's, in each of the two builds")
    output.line(
        f"files: {shown_size(found.new_bytes)} new, {shown_size(found.removed_bytes)} no longer in use"
    )


def _row(model: ModelChange) -> tuple[str, ...]:
    added, removed = not model.versions[0], not model.versions[1]
    return (
        model.name,
        "added" if added else "removed" if removed else _change(*model.versions),
        _change(*map(shown_size, model.bytes)),
        shown_size(model.new_bytes),
        _change(*(f"{value:.1e}" if value is not None else "–" for value in model.differences)),
        f"{model.agreement[0]} of {model.agreement[1]}" if model.agreement else "–",
    )


def _moved(labels: Sequence[tuple[int, str, str]]) -> str:
    shown = ", ".join(f"{index} {old} → {new}" for index, old, new in labels[:_MAX_MOVED])
    return shown + (f", … {len(labels)} in all" if len(labels) > _MAX_MOVED else "")


_MAX_MOVED = 8
"""Labels in another place that are listed."""


def _change(old: str, new: str) -> str:
    return new if old == new else f"{old} → {new}"


def _prune(store: Store, options: argparse.Namespace, output: Output) -> None:
    removed, freed = store.prune(options.keep)
    numbers = ", ".join(str(build.sequence) for build in removed) or "none"
    output.line(f"removed builds: {numbers}; {shown_size(freed)} became free")
