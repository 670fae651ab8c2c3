"""Where a model's network comes from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

SourceKind = Literal["architecture", "factory", "timm", "file"]


Exporter = Literal["auto", "torch.export", "torchscript"]


@dataclass(frozen=True)
class Source:
    """The network that a checkpoint belongs to."""

    kind: SourceKind
    """`file`: the checkpoint holds the network itself (ONNX, exported program, TorchScript)."""
    name: str = ""
    """Name of the architecture or of timm's model, or the factory as `module:function`; empty for `file`."""
    args: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments of the factory, or of `timm.create_model`."""
    weights_key: str = ""
    """Key of the state dict inside the checkpoint; empty: the one that fits the network."""
    output: int | str | None = None
    """Index or name of the network's output that is used; None: the only one, or the first."""

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> "Source":
        """Create from an entry of the catalogue, which its schema has accepted.

        Raises ValueError for `factory_args` that are a string and no JSON object.
        """
        kinds: tuple[SourceKind, ...] = ("architecture", "factory", "timm")
        kind: SourceKind = next((kind for kind in kinds if kind in entry), "file")
        args = entry.get("factory_args", {})
        if isinstance(args, str):  # JSON, which has null
            args = json.loads(args)
            if not isinstance(args, dict):
                raise ValueError(f"found {args!r}, expected a JSON object")  # noqa: TRY004, as of bad JSON
        return cls(
            kind,
            entry.get(kind, ""),
            args,
            entry.get("weights_key", ""),
            entry.get("output_name"),
        )

    @property
    def description(self) -> str:
        """For people: such as `mobilenet_v2`, `torchvision.models:resnet18` or `timm resnet18`."""
        return f"timm {self.name}" if self.kind == "timm" else self.name or "the file's own network"
