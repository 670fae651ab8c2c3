// The product for other kernels: a part of its rows and panels, on the calling thread.
#pragma once

#include "kernels.h"

// y consists of lines of `length` rows (at least TILE_ROWS), with gaps of `gap` floats between lines.
typedef struct {
  int32_t length, gap;
} Lines;

// The product of all rows and panels without gate and residual, y in lines; the activation is a clip or none.
void product_in_lines(const Product *op, Lines lines);

// All rows of one whole panel, without gate, residual and activation. `next`: as many weights, of the product that follows,
// to prefetch, or NULL.
void product_panel(const Product *op, const float *next);

// Rows [0, op->rows) of panels [first_panel, end_panel). `scratch` as product_scratch says, only read with a gate.
void product_part(const Product *op, int32_t first_panel, int32_t end_panel, void *scratch);
