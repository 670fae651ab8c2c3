"""Judges a variant beyond its outputs: by its accuracy on own pictures and the direction of its features."""

from collections.abc import Mapping
from dataclasses import dataclass

from safetensors.numpy import load

from torch2web.pipeline.conversion.features import FeaturesJudge
from torch2web.pipeline.own_pictures import OwnPictures
from torch2web.plan import Plan, run_plan
from torch2web.variants import EXACT, SplitModel, Variant, decode_all
from torch2web.verification import Accuracy, Run, create_session_with, run_session


@dataclass(frozen=True)
class VariantJudge:
    """Judges the variants of one model."""

    split: SplitModel
    pictures: OwnPictures
    baseline: Accuracy | None
    """Of PyTorch; None where no own pictures are labelled."""
    features: FeaturesJudge | None
    only_compiled: tuple[Plan, Mapping[str, bytes]] | None
    """Plan and engine modules of a model that onnxruntime does not run; None: it does."""

    def judge(self, variant: Variant) -> tuple[Accuracy | None, str]:
        """Accuracy of `variant`, if it is measured, and the reason to refuse it; empty to keep it.

        Unrounded weights are always kept. Raises OwnImagesError for a file that is no picture.
        """
        accuracy = None
        if self.baseline:
            accuracy = self.pictures.accuracy(variant.name, self._runner(variant))
        if variant.name == EXACT:
            return accuracy, ""
        reason = self.pictures.why_less_accurate(self.baseline, accuracy)
        return accuracy, reason or (self.features.why_refused(variant) if self.features else "")

    def _runner(self, variant: Variant) -> Run:
        """`variant` as a function: in onnxruntime, or in the first of the engine's modules."""
        tensors = load(variant.content)
        if self.only_compiled:
            plan, modules = self.only_compiled
            module = next(iter(modules.values()))
            return lambda inputs: run_plan(module, plan, tensors, inputs)
        session = create_session_with(self.split.graph, decode_all(tensors))
        return lambda inputs: run_session(session, inputs)
