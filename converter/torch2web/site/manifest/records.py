"""model_info.json and model_checksums.json: contents of the site and use of its models."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch2web.catalog import ModelSpec
from torch2web.site.manifest.backend_records import Engine, Runtime
from torch2web.store import FileRecord, PartedFile

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Weights:
    """Where a model's weights come from."""

    name: str
    """File name of the checkpoint."""
    sha256: str
    demo: bool


@dataclass(frozen=True)
class VariantRecord:
    """A form in which a model's weights are stored; all of a model's share its graph."""

    name: str
    weights: PartedFile
    """A safetensors file; `encodings.py` says how to read it."""
    verification: Mapping[str, Any]
    golden: Mapping[str, Any]
    logits: Mapping[str, Sequence[float]]
    """What it gives in onnxruntime, by reference image; for the page that verifies only."""
    bounds: Mapping[str, float]
    """Largest difference accepted, by reference image; for that page too."""
    calibration_images: int = 0
    """Pictures on which the weights were rounded with error compensation; 0: rounded to the nearest."""
    search: Sequence[Mapping[str, Any]] = ()
    """What was measured to find it, with `bytes` and `share`; for the report only."""

    def as_dict(self) -> dict[str, Any]:
        calibrated = {"calibration_images": self.calibration_images} if self.calibration_images else {}
        return {
            "name": self.name,
            "weights": self.weights.as_dict(),
            "verification": dict(self.verification),
            "golden": dict(self.golden),
            **calibrated,
        }


@dataclass(frozen=True)
class SecondGraphFiles:
    """Graph and plan that share the weights of the model's variants: of heatmaps, or of features."""

    facts: Mapping[str, Any]
    """Size and measured difference, as the manifest lists them."""
    graph: PartedFile | None
    plan: PartedFile | None

    @property
    def files(self) -> tuple[PartedFile, ...]:
        return tuple(file for file in (self.graph, self.plan) if file)

    def as_dict(self) -> dict[str, Any]:
        graph = {"graph": self.graph.as_dict()} if self.graph else {}
        plan = {"plan": self.plan.as_dict()} if self.plan else {}
        return {**self.facts, **graph, **plan}


@dataclass(frozen=True)
class ModelRecord:
    """One model, converted and verified, as the manifest lists it."""

    spec: ModelSpec
    weights: Weights
    plain: FileRecord | None
    """The whole ONNX file, for servers and people; None where the site was built without."""
    graph: PartedFile | None
    """ONNX without the weights, which are external data of it; None in a site without onnxruntime-web."""
    plan: PartedFile | None
    """The engine's program for this model; None: the compiled backend cannot run it."""
    no_graph: str
    """Why onnxruntime-web does not run this model though the site has it; empty where it does."""
    no_plan: str
    """The reason for a missing plan; empty where there is a plan or none was requested."""
    source: Mapping[str, Any]
    """Where the network came from, and how it became ONNX: architecture, exporter, notes."""
    verification: Mapping[str, Any]
    """Figures of the exported ONNX file."""
    golden: Mapping[str, Any]
    """PyTorch's outputs for the golden input, for the whole ONNX file."""
    variants: Sequence[VariantRecord]
    """The default first."""
    left_out: Sequence[Mapping[str, Any]]
    """Variants that passed and are not part of this site: name, weights and verification."""
    refused: Sequence[Mapping[str, Any]]
    """Candidates that did not pass the gate: name, size, reason and verification."""
    reference: Mapping[str, Sequence[float]]
    """PyTorch's logits by reference image; for the page that verifies only."""
    outputs: int
    """Numbers that the network gives for one image."""
    float64: Mapping[str, Any] | None = None
    """Differences from PyTorch in float64 by what computes; None where PyTorch has no float64."""
    complexity: Mapping[str, Any] | None = None
    """Parameters and multiply-adds, counted in the graph; None where nobody counted."""
    heatmap: SecondGraphFiles | None = None
    """None where the network has no class activation maps, or no backend of this site computes them."""
    tiles: Mapping[str, int] = field(default_factory=dict)
    """Pixels of a line of the tiles of the convolutions that the plan computes by Winograd's transforms."""
    features: SecondGraphFiles | None = None
    """None where the catalogue asks for none, or no backend of this site computes them."""

    @property
    def default(self) -> VariantRecord:
        """The variant that the loader takes unless told otherwise."""
        return self.variants[0]

    @property
    def download(self) -> int:
        """Bytes that a visitor downloads for the default."""
        return self.download_of(self.default)

    def download_of(self, variant: VariantRecord) -> int:
        """Bytes that a visitor downloads for one of the variants."""
        how = self.plan or self.graph  # the loader tries the compiled backend first
        return (how.size if how else 0) + variant.weights.size

    @property
    def weights_parts(self) -> tuple[FileRecord, ...]:
        """Parts of the weights of every variant."""
        return tuple(part for variant in self.variants for part in variant.weights.parts)

    @property
    def files(self) -> tuple[FileRecord, ...]:
        """Every file of this model, each once."""
        parted = [self.graph, self.plan, *(variant.weights for variant in self.variants)]
        parted += self.heatmap.files if self.heatmap else ()
        parted += self.features.files if self.features else ()
        parts = [part for file in parted if file for part in file.parts]
        plain = [self.plain] if self.plain else []
        return tuple({file.path: file for file in (*plain, *parts)}.values())

    def as_dict(self) -> dict[str, Any]:
        spec = self.spec
        plain = {"plain": self.plain.as_dict()} if self.plain else {}
        graph = {"graph": self.graph.as_dict()} if self.graph else {}
        plan = {"plan": self.plan.as_dict()} if self.plan else {}
        no_graph = {"no_graph": self.no_graph} if self.no_graph else {}
        no_plan = {"no_plan": self.no_plan} if self.no_plan else {}
        return {
            "name": spec.name,
            "title": spec.title,
            "version": spec.version,
            "task": spec.task.as_dict(),
            "labels": list(spec.labels),
            "input": {"name": "input", "dtype": "float32", "shape": ["batch", *spec.input_shape]},
            "output": {"name": "output", "dtype": "float32", "shape": ["batch", self.outputs]},
            "preprocessing": spec.preprocessing.as_dict(),
            "opset": self.source["exporter"]["opset"],
            "provenance": {
                "weights": "demo" if self.weights.demo else "checkpoint",
                **self.source,
                "checkpoint": {"name": self.weights.name, "sha256": self.weights.sha256},
                **({"license": spec.license} if spec.license else {}),
            },
            **({"complexity": dict(self.complexity)} if self.complexity else {}),
            "recommended": {"target": spec.recommended.target, "role": spec.recommended.role},
            **plain,
            "verification": dict(self.verification),
            **({"float64": dict(self.float64)} if self.float64 else {}),
            "golden": dict(self.golden),
            **graph,
            **no_graph,
            **plan,
            **no_plan,
            **({"winograd": dict(self.tiles)} if self.plan and self.tiles else {}),
            **({"heatmap": self.heatmap.as_dict()} if self.heatmap else {}),
            **({"features": self.features.as_dict()} if self.features else {}),
            "variants": [variant.as_dict() for variant in self.variants],
            "gate": spec.gate.as_dict(spec.task),
            "refused": [dict(refused) for refused in self.refused],
        }


def site_manifest(
    generator: str,
    runtime: Runtime | None,
    engine: Engine | None,
    models: Sequence[ModelRecord],
    api: str = "",
) -> dict[str, Any]:
    """The content of model_info.json, with the entries of all models.

    `api` is what a server calls the answer of these models, `/api/{api}/predict`.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "generator": generator,
        **({"api": api} if api else {}),
        **({"runtime": runtime.as_dict()} if runtime else {}),
        **({"engine": engine.as_dict()} if engine else {}),
        "models": [model.as_dict() for model in models],
    }


def checksums_json(records: Iterable[FileRecord]) -> bytes:
    """The bytes of model_checksums.json: file name below `models/` to SHA-256 in hex."""
    sums = {record.path.removeprefix("models/"): record.sha256 for record in records}
    return json.dumps(sums, indent=2, sort_keys=True).encode() + b"\n"
