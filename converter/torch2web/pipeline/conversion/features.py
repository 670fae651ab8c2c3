"""The features of a model: outputs of an inner layer, from a graph that shares the model's weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import load

from torch2web.catalog import EXACT, ModelSpec
from torch2web.errors import FeaturesError
from torch2web.pipeline.conversion.second_graph import TOLERANCE, SecondGraph, StoredGraph
from torch2web.store import Entry
from torch2web.tasks import Task, figures
from torch2web.variants import POOLED, NoLayerError, SplitModel, Variant, decode_all, features_graph
from torch2web.verification import ReferenceRun, capture_features, create_session_with, run_session

if TYPE_CHECKING:
    from torch import nn

_IMAGES = 4
"""Reference inputs on which features are compared."""

_EMBEDDING = Task("embedding")


@dataclass(frozen=True)
class Features(StoredGraph):
    """Verified features of a model."""

    layer: str
    length: int


@dataclass(frozen=True)
class FeaturesJudge:
    """The graph of the features of one model, [inputs, outputs + features], and the values in PyTorch."""

    spec: ModelSpec
    second: SecondGraph
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
        expected = np.concatenate([outputs, features], axis=1)
        return cls(spec, SecondGraph(graph, split, inputs, expected), outputs.shape[1])

    def why_refused(self, variant: Variant) -> str:
        """Reason to refuse a variant with rounded weights: features in another direction than PyTorch's."""
        if variant.name == EXACT:
            return ""
        session = create_session_with(self.second.graph, decode_all(load(variant.content)))
        found = run_session(session, self.second.inputs)[:, self.outputs :]
        vectors = figures(_EMBEDDING, self.second.expected[:, self.outputs :], found)
        reason = self.spec.gate.why_refused(_EMBEDDING, vectors)
        return reason and f"of the features, {reason}"

    def store(self, engine: Mapping[str, bytes] | None, entry: Entry) -> Features:
        """Write graph and plan into `entry`. Raises FeaturesError where it is not PyTorch's."""
        if not self.second.difference <= TOLERANCE:
            found = f"found a relative difference from PyTorch of {self.second.difference:.3g}"
            raise FeaturesError(
                self.spec.name, f"{found} in the exported file, expected at most {TOLERANCE:g}"
            )
        stored = self.second.store(engine, entry)
        length = self.second.expected.shape[1] - self.outputs
        return Features(**vars(stored), layer=self.spec.features, length=length)
