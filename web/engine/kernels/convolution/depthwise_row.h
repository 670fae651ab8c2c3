// One output row of a depthwise convolution, from padded input rows.
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  const float *const *rows; // kernel_height rows of at least (width - 1) * stride + (kernel_width - 1) * dilation + 1 pixels
  const float *weights;     // as in Depthwise
  float *y;                 // [width][channels]
  int32_t channels, width;
  int32_t kernel_height, kernel_width;
  int32_t stride, dilation; // along the row
  bool clip;
  float low, high;
} DepthwiseRow;

void depthwise_row(const DepthwiseRow *);
