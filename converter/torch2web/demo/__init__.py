"""The demo: drawn faces, and weights of three emotion classifiers trained on such faces."""

from torch2web.demo.faces import LABELS, draw_face
from torch2web.demo.reference_faces import calibration_faces, reference_faces, search_faces
from torch2web.demo.samples import draw_samples
from torch2web.demo.weights import load_demo_state, weights_file

__all__ = [
    "LABELS",
    "calibration_faces",
    "draw_face",
    "draw_samples",
    "load_demo_state",
    "reference_faces",
    "search_faces",
    "weights_file",
]
