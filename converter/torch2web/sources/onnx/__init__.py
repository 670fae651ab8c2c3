"""ONNX files as a source: read, checked, rewritten to a batch axis of any size, run."""
