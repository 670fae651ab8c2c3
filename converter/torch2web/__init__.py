"""From a PyTorch checkpoint to a web page that predicts what PyTorch predicts."""

import os

# Before anything imports onnxruntime: its official builds keep an identifier of the machine in the user's
# cache folder and report to Microsoft (its Privacy.md). Its API mutes some events only, and only later.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
# Before anything imports torch: OpenMP's threads that wait for work yield, instead of spinning. On processors
# that others use too, a conversion takes a quarter of the time. There are as many threads, as the last digits
# of sums depend on their number.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
