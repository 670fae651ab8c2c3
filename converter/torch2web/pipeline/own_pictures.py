"""What a user's own pictures decide about a model, and what of them a record may say: figures alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from torch2web.catalog import ModelSpec, ReferenceImage
from torch2web.errors import InputError
from torch2web.progress import StageCallback
from torch2web.verification import Accuracy, OwnImages, Run, measure_accuracy

_ANONYMOUS = "a picture of --images"

_NO_ACCURACY = (
    "a folder names one label, and the picture may show others too; labels_agreement, cosine_min and "
    "values_max_rel_diff bound other differences"
)

_ROUNDING = 1e-6
"""Of a product with a number of pictures."""

T = TypeVar("T")


@dataclass(frozen=True)
class OwnPictures:
    """The pictures of `--images` for one model; None where there are none."""

    images: OwnImages | None
    spec: ModelSpec
    on_stage: StageCallback

    def reference_images(self) -> tuple[ReferenceImage, ...]:
        """Raises OwnImagesError for a file that is no picture."""
        return self.images.reference_images(self.spec.preprocessing) if self.images else ()

    def calibration_images(self) -> tuple[ReferenceImage, ...]:
        """Pictures that the reference run lacks. Raises OwnImagesError for a file that is no picture."""
        return self.images.calibration_images(self.spec.preprocessing) if self.images else ()

    def search_images(self) -> tuple[ReferenceImage, ...]:
        """Others that it lacks as well. Raises OwnImagesError for a file that is no picture."""
        return self.images.search_images(self.spec.preprocessing) if self.images else ()

    def accuracy(self, name: str, run: Run) -> Accuracy | None:
        """Of `run`, called `name`; None where no pictures are labelled. Raises OwnImagesError."""
        if self.images is None:
            return None

        def on_progress(done: int, total: int) -> None:
            self.on_stage(f"measuring the accuracy of {name} on {total} pictures", done, total)

        return measure_accuracy(run, self.spec, self.images, on_progress)

    def require_measurable(self) -> None:
        """Raise InputError where the gate bounds a loss of accuracy that cannot be measured."""
        if self.spec.gate.accuracy_drop is None:
            return
        if not self.spec.task.is_exclusive:
            problem = f"a model of the task {self.spec.task.kind} has none: {_NO_ACCURACY}"
        elif self.images is None:
            problem = "there are no pictures: --images DIR names a folder with a subfolder for each label"
        elif not self.images.labelled(self.spec.labels):
            listed = ", ".join(self.spec.labels[:3])
            problem = f"no subfolder of {self.images.folder} is named like a label, such as {listed}"
        else:
            return
        raise InputError(
            f"{self.spec.name}: gate.accuracy_drop bounds a loss of accuracy on labelled pictures; {problem}"
        )

    def why_less_accurate(self, before: Accuracy | None, after: Accuracy | None) -> str:
        """Reason to refuse a variant; empty where the gate has no `accuracy_drop` or it is kept."""
        allowed = self.spec.gate.accuracy_drop
        if allowed is None or before is None or after is None:
            return ""
        if before.right - after.right <= allowed * before.images + _ROUNDING:
            return ""
        return (
            f"accuracy {after.share:.2%} on {after.images} pictures, PyTorch's {before.share:.2%}: "
            f"expected a loss of at most {allowed:.2%}"
        )

    def published(self, by_image: Mapping[str, T]) -> dict[str, T]:
        """`by_image` without own pictures."""
        return {name: value for name, value in by_image.items() if name not in self._names()}

    def anonymous(self, text: str) -> str:
        """`text` without names of own pictures."""
        for name in self._names():
            text = text.replace(name, _ANONYMOUS)
        return text

    def verification(self, figures: Mapping[str, Any], accuracy: Accuracy | None) -> dict[str, Any]:
        """`verification` of the manifest."""
        worst = self.anonymous(str(figures["worst_image"]))
        found = {"accuracy": accuracy.as_dict()} if accuracy else {}
        return {**figures, "worst_image": worst, **found}

    def _names(self) -> tuple[str, ...]:
        # The longest first: one may be part of another.
        chosen = self.images.chosen() if self.images else ()
        return tuple(sorted((file.as_posix() for file in chosen), key=len, reverse=True))
