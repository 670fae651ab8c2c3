// The tiles of a product: a few rows of x times panels of eight outputs.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef __wasm_relaxed_simd__
enum { TILE_ROWS = 6 };
#else
enum { TILE_ROWS = 5 };
#endif

typedef struct {
  const float *x;
  const float *weights; // the panels, one after the other
  const float *residual;
  const float *prefetched; // other weights, prefetched meanwhile, or NULL
  int32_t prefetch_step;   // floats of them for every 32 of `weights`
  float *y;
  int32_t panels, inputs, x_stride, y_stride;
  bool clip;
  float low, high;
  int32_t until_gap, gap; // from row `until_gap` on, y is shifted by `gap` floats
} Tile;

// Computes `rows` (1 to TILE_ROWS) rows of eight outputs of each panel.
void run_tile(const Tile *, int32_t rows);
