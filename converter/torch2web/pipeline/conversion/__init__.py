"""One model's conversion, from its source to variants that the gate let pass."""
