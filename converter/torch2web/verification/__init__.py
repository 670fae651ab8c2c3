"""Verification of exported models against PyTorch: reference run, onnxruntime sessions, comparison.

`activation` is imported apart, because it imports onnx, which an unchanged rebuild does without.
"""

from torch2web.verification.accuracy import Accuracy, measure_accuracy
from torch2web.verification.bounds import Bounds, find_deviation
from torch2web.verification.compare import (
    VerificationReport,
    measure,
    require_within_tolerance,
    run_all,
    verify_onnx,
)
from torch2web.verification.golden import golden_record
from torch2web.verification.neutral_images import neutral_images
from torch2web.verification.onnx_session import create_session, create_session_with, run_session
from torch2web.verification.own_images import OwnImages, find_images
from torch2web.verification.reference_images import reference_images
from torch2web.verification.reference_run import ReferenceRun, capture_reference

__all__ = [
    "Accuracy",
    "Bounds",
    "OwnImages",
    "ReferenceRun",
    "VerificationReport",
    "capture_reference",
    "create_session",
    "create_session_with",
    "find_deviation",
    "find_images",
    "golden_record",
    "measure",
    "measure_accuracy",
    "neutral_images",
    "reference_images",
    "require_within_tolerance",
    "run_all",
    "run_session",
    "verify_onnx",
]
