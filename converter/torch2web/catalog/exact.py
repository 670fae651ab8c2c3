"""The name of the variant whose weights are those of the checkpoint, unrounded."""

EXACT = "fp32"
