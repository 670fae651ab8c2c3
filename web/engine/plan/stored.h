// Weights as the file stores them, read as float32: to the bits of `converter/torch2web/variants/encodings.py`.
#pragma once

#include "engine.h"

// Of a weight's values and scales.
uint64_t stored_bytes(const StoredWeight *weight);
uint64_t stored_scales(const StoredWeight *weight);

// Values `first` to `first + count`, of which `bytes` are the stored ones: one multiplication each at most.
void decode_stored(const StoredWeight *weight, uint32_t first, const uint8_t *bytes, uint32_t count, float *out);

// Halves as floats; `bytes` need no alignment.
void decode_halves(const uint8_t *bytes, uint32_t count, float *out);
