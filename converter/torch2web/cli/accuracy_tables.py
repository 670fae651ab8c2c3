"""What a build prints of accuracy on a user's own pictures."""

from torch2web.cli.console import Output
from torch2web.site.manifest import ModelRecord

_MAX_LABELS = 12
"""Of a confusion table that fits a terminal."""


def print_accuracy(output: Output, record: ModelRecord) -> None:
    """Print the accuracy of PyTorch and each variant, and PyTorch's confusion table; nothing without them."""
    measured = record.verification.get("accuracy")
    if not measured:
        return
    outcomes = [("PyTorch", measured)]
    outcomes += [
        (variant.name, variant.verification["accuracy"])
        for variant in record.variants
        if "accuracy" in variant.verification
    ]
    outcomes += [
        (f"{entry['name']} (refused)", entry["verification"]["accuracy"])
        for entry in record.refused
        if "accuracy" in (entry["verification"] or {})
    ]
    output.line("")
    rows = [(f"{record.spec.name} {name}", f"{found['share']:.2%}") for name, found in outcomes]
    output.table((f"accuracy on {measured['images']} pictures", "right"), rows)
    labels = record.spec.labels
    if len(labels) <= _MAX_LABELS:
        output.line("")
        table = [(label, *map(str, row)) for label, row in zip(labels, measured["confusion"], strict=True)]
        output.table((f"{record.spec.name}: is, in PyTorch", *labels), table)
