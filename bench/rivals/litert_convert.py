"""`python litert_convert.py PROGRAM.pt2 …`, in an environment with litert-torch: PROGRAM.tflite of each."""

import sys
from pathlib import Path

import litert_torch  # type: ignore[import-not-found]
import torch


def main() -> None:
    for path in map(Path, sys.argv[1:]):
        program = torch.export.load(path)
        litert_torch.convert(program.module(), program.example_inputs[0]).export(path.with_suffix(".tflite"))


if __name__ == "__main__":
    main()
