import torch2web  # noqa: F401  # before torch and onnxruntime, which read the environment
