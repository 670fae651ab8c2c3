"""The layouts in which people save a network's weights, as functions that write one tiny network's."""

import argparse
import datetime
import enum
import io
import json
import pathlib
import pickle
import sys
import types
import zipfile
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

State = dict[str, Tensor]


class Net(nn.Module):
    """Parameter names as in torchvision's MobileNetV2, with BatchNorm's counters."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU())
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(4, 4))

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.features(x).mean((2, 3)))
        return logits


def trained(seed: int = 3) -> State:
    """A state dict with distinct values in every entry."""
    torch.manual_seed(seed)
    net = Net()
    for value in net.buffers():
        value.copy_(torch.rand_like(value) + 0.5) if value.is_floating_point() else value.fill_(17)
    return net.state_dict()


def prefixed(state: State, prefix: str) -> State:
    return {prefix + key: value for key, value in state.items()}


def cast(state: State, dtype: torch.dtype, *, counters: bool = False) -> State:
    return {k: v.to(dtype) if counters or v.is_floating_point() else v for k, v in state.items()}


def parameters(state: State) -> dict[str, Any]:
    return {k: nn.Parameter(v) if v.is_floating_point() else v for k, v in state.items()}


def lightning(state: State, prefix: str = "model.", **extra: Any) -> dict[str, Any]:
    return {
        "epoch": 3,
        "global_step": 120,
        "pytorch-lightning_version": "2.5.0",
        "state_dict": OrderedDict(prefixed(state, prefix)),
        "loops": {"fit_loop": {"state_dict": {}}},
        "callbacks": {"ModelCheckpoint{'monitor': 'val'}": {"best_model_score": torch.tensor(0.9)}},
        "optimizer_states": [{"state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.zeros(9)}}}],
        "lr_schedulers": [],
        **extra,
    }


class Stage(enum.StrEnum):
    """Stands for Lightning's enumerations: its module cannot be imported by the reader."""

    FITTING = "fit"


class Config(dict[str, Any]):
    """Stands for Lightning's AttributeDict."""


def optimizer() -> dict[str, Any]:
    """An optimizer's state, with tensors."""
    model = nn.Linear(2, 2)
    adam = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 2)).sum().backward()
    adam.step()
    return dict(adam.state_dict())


def saved(make: Callable[[State], Any], **options: Any) -> Callable[[State, Path], None]:
    return lambda state, path: torch.save(make(state), path, **options)


def averaged(state: State) -> State:
    net = Net()
    net.load_state_dict(state)
    return dict(AveragedModel(net).state_dict())


def other(state: State) -> State:
    """Other weights of the same network."""
    return {key: value + 1 for key, value in state.items()}


def shared(state: State) -> State:
    """All floating-point tensors as views of one storage, as with DDP's flattened buffers."""
    flat = torch.cat([value.flatten() for value in state.values() if value.is_floating_point()])
    views, start = dict(state), 0
    for key, value in state.items():
        if value.is_floating_point():
            views[key] = flat[start : start + value.numel()].view(value.shape)
            start += value.numel()
    return views


def strided(state: State) -> State:
    """Non-contiguous views: channels_last and transposed."""
    return {
        key: value.contiguous(memory_format=torch.channels_last)
        if value.ndim == 4
        else value.t().contiguous().t()
        if value.ndim == 2
        else torch.stack([value, value], -1)[..., 0]
        for key, value in state.items()
    }


def on_cuda(state: State, path: Path, *, zipped: bool = True) -> None:
    """As saved on a GPU: the location in the pickle says so."""
    buffer = io.BytesIO()
    torch.save(state, buffer, _use_new_zipfile_serialization=zipped)
    if not zipped:
        path.write_bytes(buffer.getvalue().replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0"))
        return
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(path, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename.endswith("data.pkl"):
                content = content.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0")
            target.writestr(entry.filename, content)


def rezipped(state: State, path: Path, compression: int) -> None:
    """Unpacked and packed again by hand."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(path, "w", compression) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))


def big_endian(state: State, path: Path) -> None:
    """As written on a big-endian machine."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    sizes = {value.nbytes: value.element_size() for value in state.values()}
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(path, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename.endswith("byteorder"):
                content = b"big"
            elif "/data/" in entry.filename and "/.data/" not in entry.filename:
                dtype = np.dtype(f"u{sizes[len(content)]}")
                content = np.frombuffer(content, dtype).byteswap().tobytes()
            target.writestr(entry.filename, content)


def without_checksums(state: State, path: Path) -> None:
    torch.serialization.set_crc32_options(False)
    try:
        torch.save(state, path)
    finally:
        torch.serialization.set_crc32_options(True)


def of_unknown_classes(state: State, path: Path) -> None:
    """Objects of a module that no longer exists when the file is read."""
    module = types.ModuleType("training_code")
    for cls in (Stage, Config):
        cls.__module__ = "training_code"
        setattr(module, cls.__name__, cls)
    sys.modules["training_code"] = module
    try:
        torch.save(lightning(state, hyper_parameters=Config(lr=0.1, stage=Stage.FITTING)), path)
    finally:
        del sys.modules["training_code"]


def pickled(make: Callable[[State], Any], protocol: int) -> Callable[[State, Path], None]:
    def write(state: State, path: Path) -> None:
        with path.open("wb") as file:
            pickle.dump(make(state), file, protocol)

    return write


METADATA = {
    "args": argparse.Namespace(arch="tiny", lr=0.1, data=pathlib.PurePosixPath("/data")),
    "best_acc1": np.float64(71.5),
    "counts": np.arange(4),
    "when": datetime.datetime(2026, 3, 4, 5, 6, 7, tzinfo=datetime.UTC),
    "out": pathlib.Path("runs/7"),
    "took": datetime.timedelta(seconds=90),
    "history": defaultdict(list, loss=[0.3, 0.2]),
    "shape": torch.Size([3, 32, 32]),
    "dtype": torch.float16,
    "device": torch.device("cuda:0"),
    "rng": {"python": (3, (1, 2), None), "numpy": ("MT19937", np.arange(5, dtype=np.uint32), 1)},
    "seen": {"a", "b"},
    "complex": 1 + 2j,
}
"""What training scripts save beside the weights."""

SHAPES: dict[str, tuple[str, Callable[[State, Path], None]]] = {
    "bare": ("model.pth", saved(lambda state: state)),
    "under state_dict": ("model.pth", saved(lambda s: {"state_dict": s, "epoch": 3})),
    "under model_state_dict": (
        "model.pt",
        saved(lambda s: {"model_state_dict": s, "optimizer_state_dict": optimizer()}),
    ),
    "under model": ("model.pth", saved(lambda s: {"model": s, "optimizer": optimizer()})),
    "under net": ("model.pth", saved(lambda s: {"net": s, "acc": 91.2, "epoch": 4})),
    "under ema": ("model.pth", saved(lambda s: {"ema": s, "updates": 100})),
    "under ema_state_dict": ("model.pth", saved(lambda s: {"ema_state_dict": s})),
    "under state_dict_ema": ("model.pth", saved(lambda s: {"state_dict_ema": s})),
    "under model_ema": ("model.pth", saved(lambda s: {"model_ema": s})),
    "under params": ("model.pth", saved(lambda s: {"params": s})),
    "model.state_dict": ("model.pth", saved(lambda s: {"model": {"state_dict": s}})),
    "ema.module": ("model.pth", saved(lambda s: {"ema": {"module": s, "decay": 0.999}})),
    "raw and EMA": ("model.pth", saved(lambda s: {"model_ema": other(s), "model": s})),
    "timm's raw and EMA": (
        "model.pth.tar",
        saved(lambda s: {"state_dict": s, "state_dict_ema": other(s), "arch": "tiny", "version": 2}),
    ),
    "torchvision's reference EMA": (
        "model.pth",
        saved(
            lambda s: {
                "model": s,
                "model_ema": {"n_averaged": torch.tensor(9), **prefixed(other(s), "module.")},
                "args": argparse.Namespace(model="tiny"),
            }
        ),
    ),
    "in a tuple": ("model.pth", saved(lambda s: (s, 3))),
    "module.": ("model.pth", saved(lambda s: prefixed(s, "module."))),
    "_orig_mod.": ("model.pth", saved(lambda s: prefixed(s, "_orig_mod."))),
    "module._orig_mod.": ("model.pth", saved(lambda s: {"model": prefixed(s, "module._orig_mod.")})),
    "model.": ("model.pth", saved(lambda s: prefixed(s, "model."))),
    "net.": ("model.pth", saved(lambda s: prefixed(s, "net."))),
    "backbone.": ("model.pth", saved(lambda s: prefixed(s, "backbone."))),
    "encoder.": ("model.pth", saved(lambda s: prefixed(s, "encoder."))),
    "model.module.": ("model.pth", saved(lambda s: {"state_dict": prefixed(s, "model.module.")})),
    "module.encoder. and a head": (
        "model.pth",
        saved(
            lambda s: {
                "state_dict": {**prefixed(s, "module.encoder."), "module.projection.weight": torch.ones(2, 4)}
            }
        ),
    ),
    "DataParallel inside": (
        "model.pth",
        saved(lambda s: {k.replace("features.", "features.module."): v for k, v in s.items()}),
    ),
    "AveragedModel": ("model.pth", saved(averaged)),
    "Lightning": ("last.ckpt", saved(lightning)),
    "Lightning with loss weights": (
        "last.ckpt",
        saved(lambda s: lightning(s) | {"criterion": {"weight": torch.ones(4)}}),
    ),
    "Lightning with a metric and a loss in the module": (
        "last.ckpt",
        saved(
            lambda s: {
                "state_dict": {**prefixed(s, "model."), "loss.weight": torch.ones(4), "acc.tp": torch.ones(1)}
            }
        ),
    ),
    "Lightning with EMA in the module": (
        "last.ckpt",
        saved(lambda s: {"state_dict": {**prefixed(other(s), "ema_model.module."), **prefixed(s, "model.")}}),
    ),
    "Lightning's EMA callback": (
        "last.ckpt",
        saved(lambda s: lightning(s, callbacks={"EMA": {"ema_state_dict": prefixed(other(s), "model.")}})),
    ),
    "Lightning with hyper parameters": (
        "last.ckpt",
        saved(lambda s: lightning(s, hyper_parameters={"lr": 1e-3, "classes": list("abcd"), **METADATA})),
    ),
    "classes of the training code": ("last.ckpt", of_unknown_classes),
    "NumPy scalars, namespaces, paths, dates": (
        "model.pth",
        saved(lambda s: {"model": s, **METADATA}),
    ),
    "the same in protocol 4": (
        "model.pth",
        saved(lambda s: {"model": s, **METADATA}, pickle_protocol=4),
    ),
    "the same in protocol 5": (
        "model.pth",
        saved(lambda s: {"model": s, **METADATA}, pickle_protocol=5),
    ),
    "half": ("model.pth", saved(lambda s: cast(s, torch.float16))),
    "bfloat16": ("model.pth", saved(lambda s: cast(s, torch.bfloat16))),
    "double": ("model.pth", saved(lambda s: cast(s, torch.float64))),
    "half with its counters": ("model.pth", saved(lambda s: cast(s, torch.float16, counters=True))),
    "float counters": ("model.pth", saved(lambda s: cast(s, torch.float32, counters=True))),
    "counters of shape [1]": (
        "model.pth",
        saved(lambda s: {k: v.reshape(1) if v.ndim == 0 else v for k, v in s.items()}),
    ),
    "counters as numbers": (
        "model.pth",
        saved(lambda s: {k: v.item() if v.ndim == 0 else v for k, v in s.items()}),
    ),
    "without counters": (
        "model.pth",
        saved(lambda s: {k: v for k, v in s.items() if "num_batches" not in k}),
    ),
    "nn.Parameter": ("model.pth", saved(parameters)),
    "named_parameters and buffers in a list": ("model.pth", saved(lambda s: [s])),
    "thop": (
        "model.pth",
        saved(
            lambda s: {
                **s,
                "total_ops": torch.zeros(1, dtype=torch.float64),
                "features.0.total_params": torch.zeros(1, dtype=torch.float64),
                "features.0.total_ops": torch.zeros(1, dtype=torch.float64),
            }
        ),
    ),
    "an integer beside": ("model.pth", saved(lambda s: {**s, "epoch": 7})),
    "before 1.6": ("model.pth", saved(lambda s: s, _use_new_zipfile_serialization=False)),
    "before 1.6 with the rest": (
        "model.pth.tar",
        saved(
            lambda s: {"state_dict": prefixed(s, "module."), "arch": "tiny", "best": np.float32(3)},
            _use_new_zipfile_serialization=False,
        ),
    ),
    "saved on cuda": ("model.pth", on_cuda),
    "saved on cuda before 1.6": ("model.pth", lambda s, path: on_cuda(s, path, zipped=False)),
    "big-endian": ("model.pth", big_endian),
    "one storage": ("model.pth", saved(shared)),
    "views": ("model.pth", saved(strided)),
    "zipped again": ("model.pth", lambda s, path: rezipped(s, path, zipfile.ZIP_STORED)),
    "compressed again": ("model.pth", lambda s, path: rezipped(s, path, zipfile.ZIP_DEFLATED)),
    "without checksums": ("model.pth", without_checksums),
    "pickle.dump": ("model.pkl", pickled(lambda s: s, 2)),
    "pickle.dump of NumPy arrays": (
        "model.pkl",
        pickled(lambda s: {"model": {k: v.numpy() for k, v in s.items()}, "author": "x"}, 4),
    ),
    "pickle.dump in protocol 0": ("model.pkl", pickled(lambda s: {k: v.numpy() for k, v in s.items()}, 0)),
    "called .ckpt": ("model.ckpt", saved(lambda s: s)),
    "called .bin": ("pytorch_model.bin", saved(lambda s: s)),
    "called .PTH": ("MODEL.PTH", saved(lambda s: s)),
    "called .pth.tar": ("model_best.pth.tar", saved(lambda s: {"state_dict": s})),
    "without an ending": ("checkpoint-120", saved(lambda s: s)),
    "safetensors": ("model.safetensors", lambda s, path: save_file(prefixed(s, "model."), path)),
    "safetensors called .pth": ("model.pth", lambda s, path: save_file(s, path)),
    "a pickle called .safetensors": ("model.safetensors", saved(lambda s: s)),
    "safetensors in half precision with metadata": (
        "model.safetensors",
        lambda s, path: save_file(
            cast(s, torch.float16), path, {"format": "pt", "classes": json.dumps(list("abcd"))}
        ),
    ),
}
"""File name and writer. Every one is sound: its weights are those of `trained()`, up to their precision."""
