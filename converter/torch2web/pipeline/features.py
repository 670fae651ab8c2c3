"""The features of a model: outputs of an inner layer, from a graph that shares the model's weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from torch2web.catalog import EXACT, ModelSpec
from torch2web.errors import FeaturesError
from torch2web.pipeline.second_graph import SecondGraph, store_second_graph
from torch2web.store import Entry, PartedFile
from torch2web.variants import POOLED, NoLayerError, SplitModel, Variant, decode_all, features_graph
from torch2web.verification import ReferenceRun, capture_features, create_session_with, run_session

if TYPE_CHECKING:
    from torch import nn

_IMAGES = 4
"""Reference inputs on which features are compared."""


@dataclass(frozen=True)
class Features:
    """Verified features of a model."""

    layer: str
    length: int
    max_abs_diff: float
    """From PyTorch's, relative to their largest value where that is above 1."""
    graph: PartedFile
    plan: PartedFile | None


@dataclass(frozen=True)
class FeaturesJudge:
    """Graph and expected values of the features of one model."""

    spec: ModelSpec
    split: SplitModel
    graph: bytes
    inputs: NDArray[np.float32]
    wanted: NDArray[np.float64]
    """[inputs, outputs + features]"""
    outputs: int

    @classmethod
    def of(
        cls, spec: ModelSpec, split: SplitModel, network: "nn.Module | None", reference: ReferenceRun
    ) -> "FeaturesJudge | None":
        """None where the catalogue asks for none. Raises FeaturesError where there is no such layer."""
        if not spec.features:
            return None
        try:
            graph = features_graph(split.graph, spec.features)
        except NoLayerError as error:
            raise FeaturesError(spec.name, str(error)) from error
        inputs, outputs = reference.inputs[:_IMAGES], reference.logits[1][:_IMAGES].astype(np.float64)
        layer = "" if spec.features == POOLED else spec.features
        features = capture_features(network, inputs, layer) if network is not None else None
        if network is not None and features is None:
            problem = f"the output of {spec.features} in PyTorch is no vector and no feature map"
            raise FeaturesError(spec.name, problem)
        if features is None:  # an ONNX file, in which onnxruntime is the reference
            tensors = {weight.name: weight.values for weight in split.weights}
            found = run_session(create_session_with(graph, tensors), inputs)
            features = found[:, outputs.shape[1] :].astype(np.float64)
        return cls(spec, split, graph, inputs, np.concatenate([outputs, features], axis=1), outputs.shape[1])

    def why_refused(self, variant: Variant) -> str:
        """Reason to refuse a variant with rounded weights: features in another direction than PyTorch's."""
        if variant.name == EXACT:
            return ""
        session = create_session_with(self.graph, decode_all(load(variant.content)))
        found = run_session(session, self.inputs)[:, self.outputs :].astype(np.float64)
        wanted = self.wanted[:, self.outputs :]
        lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(wanted, axis=1)
        cosine = float(np.min((found * wanted).sum(axis=1) / np.maximum(lengths, 1e-30)))
        least = self.spec.gate.cosine_min
        return (
            ""
            if cosine >= least
            else f"cosine similarity of features {cosine:.4f}, expected at least {least}"
        )

    def store(self, engine: Mapping[str, bytes] | None, entry: Entry) -> Features:
        """Write graph and plan into `entry`. Raises FeaturesError where it is not PyTorch's."""
        stored = store_second_graph(self.graph, self.split, self.inputs, self.wanted, engine, entry)
        if not isinstance(stored, SecondGraph):
            problem = f"found a relative difference from PyTorch of {stored:.3g} in the exported file"
            raise FeaturesError(self.spec.name, problem)
        length = self.wanted.shape[1] - self.outputs
        return Features(self.spec.features, length, stored.max_abs_diff, stored.graph, stored.plan)
