// Weights as the file stores them, read as float32: to the bits of `converter/torch2web/variants/encodings.py`.
#pragma once

#include "engine.h"

// Numbers of bytes of a weight's values and scales.
uint64_t stored_bytes(const StoredWeight *weight);
uint64_t stored_scales(const StoredWeight *weight);

// Decodes values `first` to `first + count` from `bytes`, with at most one multiplication each.
void decode_stored(const StoredWeight *weight, uint32_t first, const uint8_t *bytes, uint32_t count, float *out);

// Converts float16 to float32; `bytes` need no alignment.
void decode_halves(const uint8_t *bytes, uint32_t count, float *out);
