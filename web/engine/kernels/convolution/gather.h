// Copies the values under a convolution's kernel into rows of a product (im2col).
#pragma once

#include "kernels.h"

// Pixels [column, column + columns) of output row `row`: for each, [kernel_height][kernel_width][channels] with zeros
// outside. `x` is the first of these channels.
void gather_row(const Conv *op, const float *x, int32_t channels, int32_t row, int32_t column, int32_t columns, float *y);
