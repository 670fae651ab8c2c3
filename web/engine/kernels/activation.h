// Activations over values that are in the cache, as other kernels end with them.
#pragma once

#include "kernels.h"

// y[i] = activation(x[i]); y == x is allowed.
void activate_values(const float *x, float *y, int32_t count, const Activation *);

// The same in place over [rows][channels], adding each channel's results to sums[channels] unless that is NULL. A clip is
// taken to be done already.
void activate_rows(float *y, int32_t rows, int32_t channels, const Activation *, float *sums);

// Whether a kernel can do it on the way, with limits (infinite where there is none).
static inline bool is_clip(const Activation *activation) {
  return activation->kind == ACTIVATION_NONE || activation->kind == ACTIVATION_CLIP;
}
