"""What the commands write to a terminal, and ask there."""
