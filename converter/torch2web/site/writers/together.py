"""The networks whose mean a page offers as one more choice."""

from collections.abc import Sequence

from torch2web.site.manifest import ModelRecord


def answering_together(models: Sequence[ModelRecord]) -> tuple[ModelRecord, ...]:
    """The largest group of classifiers with one meaning and the same labels; none where it has not two."""
    groups: dict[object, list[ModelRecord]] = {}
    for model in models:
        task = model.spec.task
        if task.has_labels:
            groups.setdefault((task.meaning, model.spec.labels), []).append(model)
    largest = max(groups.values(), key=len, default=[])
    return tuple(largest) if len(largest) > 1 else ()
