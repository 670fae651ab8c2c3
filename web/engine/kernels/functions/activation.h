// Activations applied at the end of other kernels, while the values are in the cache.
#pragma once

#include "kernels.h"

// y[i] = activation(x[i]); y == x is allowed.
void activate_values(const float *x, float *y, int32_t count, const Activation *);

// The same in place over [rows][channels], adding the results of each channel to sums[channels] unless that is NULL. A
// clip must be done already.
void activate_rows(float *y, int32_t rows, int32_t channels, const Activation *, float *sums);

// Whether the activation is a clip, which kernels apply while storing; its limits, infinite where there is none.
static inline bool is_clip(const Activation *activation) {
  return activation->kind == ACTIVATION_NONE || activation->kind == ACTIVATION_CLIP;
}
