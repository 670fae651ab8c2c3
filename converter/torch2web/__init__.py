"""From a PyTorch checkpoint to a web page that predicts what PyTorch predicts."""
