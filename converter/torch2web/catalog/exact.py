"""Name of the variant with the checkpoint's unrounded float32 weights."""

EXACT = "fp32"
