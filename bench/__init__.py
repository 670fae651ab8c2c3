import torch2web  # noqa: F401  # before onnxruntime, whose telemetry it turns off
