"""Train the demo weights on drawn faces: `python -m torch2web.demo.train [NAME]…`.

Writes the weights beside this file, and their accuracy on unseen faces to `accuracy.json`. Takes about
an hour for all three on two cores; with glibc a third less under MALLOC_TRIM_THRESHOLD_=8000000000 and
MALLOC_MMAP_THRESHOLD_=4000000000, which prevent returning memory to the system at every step.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from torch2web.architectures import load_architecture
from torch2web.demo.faces import LABELS, draw_face
from torch2web.demo.weights import DRAWN, FOLDER, load_demo_state, random_projection, save_demo_state
from torch2web.images import Preprocessing, Resize, preprocess

SPEC = Preprocessing((Resize((224, 224), "bilinear"),), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
TEST_SEED = 1_000_000
"""First seed of the test set."""
TEST_FACES = 400
BATCH = 32


@dataclass(frozen=True)
class Recipe:
    """Training schedule of one architecture: stages with increasing input size."""

    stages: tuple[tuple[int, int, float], ...]
    """Input size in pixels, epochs, peak learning rate."""
    dropout: float | None = None
    """Dropout rate in training; None: that of the architecture."""


RECIPES = {
    "mobilenet_v2": Recipe(((112, 8, 3e-3), (224, 2, 1e-3))),
    "efficientnet_b0": Recipe(((112, 8, 3e-3), (224, 2, 1e-3))),
    "landmark_cnn": Recipe(((224, 9, 1.5e-3),), dropout=0.1),
}


def face_and_label(seed: int) -> tuple[NDArray[np.float32], int]:
    """Input tensor [3, 224, 224] and class of the face of `seed`, drawn at a random size and aspect ratio."""
    rng = random.Random(seed)
    label = seed % len(LABELS)
    size = (rng.randint(190, 340), rng.randint(190, 340))
    return preprocess(draw_face(LABELS[label], seed, size), SPEC), label


def draw_set(first_seed: int, count: int) -> tuple[Tensor, Tensor]:
    """Inputs [count, 3, 224, 224], float16 to halve the memory, and classes [count], int64."""
    inputs = torch.empty(count, 3, 224, 224, dtype=torch.float16)
    classes = torch.empty(count, dtype=torch.int64)
    with ProcessPoolExecutor() as pool:
        seeds = range(first_seed, first_seed + count)
        for index, (tensor, label) in enumerate(pool.map(face_and_label, seeds, chunksize=32)):
            inputs[index], classes[index] = torch.from_numpy(tensor), label
    return inputs, classes


def shuffled_batches(count: int) -> Iterator[Tensor]:
    """Yield the indices of all faces in random order, in batches of BATCH."""
    order = torch.randperm(count)
    for start in range(0, count, BATCH):
        yield order[start : start + BATCH]


def train(name: str, inputs: Tensor, classes: Tensor) -> nn.Module:
    torch.manual_seed(0)
    model: nn.Module = load_architecture(name).build(len(LABELS), *SPEC.size)
    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    for key, shape in DRAWN.get(name, {}).items():
        drawn = model.get_parameter(key)
        drawn.data = torch.from_numpy(random_projection(*shape))
        drawn.requires_grad = False
    fit(name, model, RECIPES[name], inputs, classes)
    return model


def fit(name: str, model: nn.Module, recipe: Recipe, inputs: Tensor, classes: Tensor) -> None:
    """Train the parameters of `model` that require a gradient; `name` is for the progress."""
    for layer in model.modules():
        if isinstance(layer, nn.Dropout) and recipe.dropout is not None:
            layer.p = recipe.dropout
    # Label smoothing keeps the logits small, and with them absolute differences between runtimes.
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for size, epochs, rate in recipe.stages:
        optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=1e-3)
        steps = -(-len(inputs) // BATCH) * epochs
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
        for epoch in range(epochs):
            model.train()
            started, right = time.monotonic(), 0
            for batch in shuffled_batches(len(inputs)):
                x = inputs[batch].float().to(memory_format=torch.channels_last)
                if torch.rand(()) < 0.5:  # mirroring does not change the class
                    x = x.flip(3)
                if size != x.shape[-1]:
                    x = nn.functional.interpolate(x, size=size, mode="bilinear", antialias=True)
                logits = model(x)
                loss = criterion(logits, classes[batch])
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                schedule.step()
                right += int((logits.argmax(1) == classes[batch]).sum())
            seconds = time.monotonic() - started
            print(
                f"{name} {size} px, epoch {epoch + 1}: {right / len(inputs):.2%} right, {seconds:.0f} s",
                flush=True,
            )


@torch.inference_mode()
def accuracy(name: str, inputs: Tensor, classes: Tensor) -> float:
    """Accuracy of the stored weights on `inputs`, 0 to 1."""
    model = load_architecture(name).build(len(LABELS), *SPEC.size)
    model.load_state_dict(load_demo_state(name))
    model.eval()
    predicted = torch.cat(
        [model(inputs[at : at + BATCH].float()).argmax(1) for at in range(0, len(inputs), BATCH)]
    )
    return float((predicted == classes).double().mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", default=list(RECIPES), help=", ".join(RECIPES))
    parser.add_argument(
        "--faces", type=int, default=5000, help="number of faces to train on (default: %(default)s)"
    )
    arguments = parser.parse_args()
    inputs, classes = draw_set(0, arguments.faces)
    test_inputs, test_classes = draw_set(TEST_SEED, TEST_FACES)
    record = FOLDER / "accuracy.json"
    results = json.loads(record.read_text()) if record.exists() else {}
    for name in arguments.names:
        save_demo_state(name, train(name, inputs, classes).state_dict())
        share = accuracy(name, test_inputs, test_classes)
        results[name] = {"accuracy": share, "faces": TEST_FACES, "first_seed": TEST_SEED}
        record.write_text(json.dumps(results, indent=2, sort_keys=True) + "\n")
        print(f"{name}: {share:.2%} of {TEST_FACES} unseen faces right", flush=True)


if __name__ == "__main__":
    main()
