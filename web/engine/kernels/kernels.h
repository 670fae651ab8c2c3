// The kernels of a plan's operators. A call computes one thread's part of an operator for one sample.
//
// Activations are float32, channels last and dense: [height][width][channels]. Pointers need no alignment (64 bytes are
// fastest). Whatever the values of a tensor, a kernel accesses only the extents given by its arguments, provided that the
// caller has checked them: dimensions, strides, kernels and dilations at least 1, padding at least 0 and smaller than the
// (dilated) kernel, every window begins within the padded input, padded extents are below 2^24, every buffer is as large as
// its comment says and below 2^29 floats. NaN and infinities propagate as in onnxruntime,
// except in Winograd, where they reach all pixels of a tile.
//
// Every thread calls the same kernel with the same arguments and its own `Thread`. It reads nothing that another thread
// writes during the call; the next operator, which reads `y`, starts after a barrier. A thread without work returns at once.
// `scratch` belongs to the calling thread: as many bytes as `<kernel>_scratch` returns (UINT64_MAX: too many for any
// memory). That function reads sizes, and of pointers only whether they are NULL.
//
// `y` must not overlap an input, except where a comment allows `y == x`.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "operators.h"

// Floats of the panels of a matrix: see Product.
static inline uint64_t panel_floats(int32_t inputs, int32_t outputs) {
  return ((uint64_t)outputs + 7) / 8 * 8 * ((uint64_t)inputs + 1);
}

// Floats of the panels of a Depthwise.
static inline uint64_t depthwise_weight_floats(int32_t channels, int32_t kernel_height, int32_t kernel_width) {
  return ((uint64_t)channels + 3) / 4 * 4 * ((uint64_t)kernel_height * (uint64_t)kernel_width + 1);
}

// Bytes of a reduced-precision matrix; `format` is a MatrixFormat.
static inline uint64_t matrix_bytes(int32_t format, int32_t inputs, int32_t outputs) {
  uint64_t panels = ((uint64_t)outputs + 7) / 8;
  if (format == MATRIX_INT4) return panels * ((uint64_t)inputs / 32) * (32 + 128);
  return panels * (uint64_t)inputs * (format == MATRIX_INT8 || format == MATRIX_INT8_BY_INPUT ? 8 : 16);
}

// Where the threads of a run wait for one another. Initially zero.
typedef struct {
  int32_t arrived;
  int32_t round;
} Barrier;

// Returns when all `threads` have called it. Spins for a while, then sleeps if `may_sleep` (a page's main thread may not).
void barrier_wait(Barrier *, int32_t threads, bool may_sleep);
