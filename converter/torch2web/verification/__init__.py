"""Verification of exported models against PyTorch: reference run, onnxruntime sessions, comparison."""

from torch2web.verification.accuracy import Accuracy, measure_accuracy
from torch2web.verification.bounds import Bounds, find_deviation
from torch2web.verification.calibration_images import EXTREMES, calibration_images, search_images
from torch2web.verification.class_activation import capture_class_activation
from torch2web.verification.compare import (
    VerificationReport,
    measure,
    require_within_tolerance,
    run_all,
    verify_onnx,
)
from torch2web.verification.golden import golden_record
from torch2web.verification.graph_choice import choose_means
from torch2web.verification.layer_features import capture_features
from torch2web.verification.neutral_images import neutral_images
from torch2web.verification.onnx_session import create_session, create_session_with, run_session
from torch2web.verification.own_images import OwnImages, find_images
from torch2web.verification.reference_images import reference_images
from torch2web.verification.reference_run import ReferenceRun, Run, capture_reference
from torch2web.verification.task_of_network import fit_outputs, recognise_activation

__all__ = [
    "EXTREMES",
    "Accuracy",
    "Bounds",
    "OwnImages",
    "ReferenceRun",
    "Run",
    "VerificationReport",
    "calibration_images",
    "capture_class_activation",
    "capture_features",
    "capture_reference",
    "choose_means",
    "create_session",
    "create_session_with",
    "find_deviation",
    "find_images",
    "fit_outputs",
    "golden_record",
    "measure",
    "measure_accuracy",
    "neutral_images",
    "recognise_activation",
    "reference_images",
    "require_within_tolerance",
    "run_all",
    "run_session",
    "search_images",
    "verify_onnx",
]
