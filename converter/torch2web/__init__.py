"""From a PyTorch checkpoint to a web page that predicts what PyTorch predicts."""

import os

# Before anything imports onnxruntime: its official builds keep an identifier of the machine in the user's
# cache folder and report to Microsoft (its Privacy.md). Its API mutes some events only, and only later.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
