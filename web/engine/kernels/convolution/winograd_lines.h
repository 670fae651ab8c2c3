// One-dimensional transforms of Winograd's minimal filtering, F(2, 3) and F(4, 3): correlation of a line with three weights,
// with 4 or 6 products for 2 or 4 results instead of 6 or 12.
//
// Toom-Cook: polynomials are multiplied by multiplying their values at interpolation points. F(2, 3) uses 0, 1, -1 and
// infinity; F(4, 3) uses 0, +-sqrt(1/2), +-sqrt(2) and infinity, with half the rounding error of 0, +-1, +-2 and infinity.
// `size` is the length of the input, 4 or 6, a compile-time constant in every call.
#pragma once

#include "vector.h"

enum { MAX_LINE = 6 };

typedef struct {
  f4 v[MAX_LINE];
} Line;

#define ROOT 1.41421356f

// Transforms `size` input values to `size` values.
INLINE Line input_line(const int32_t size, Line d) {
  Line y;
  if (size == 4) {
    y.v[0] = d.v[0] - d.v[2];
    y.v[1] = d.v[1] + d.v[2];
    y.v[2] = d.v[2] - d.v[1];
    y.v[3] = d.v[1] - d.v[3];
    return y;
  }
  f4 middle = splat(-2.5f), half = splat(-0.5f), root = splat(ROOT);
  f4 even = madd(d.v[2], splat(-2), d.v[4]), odd = root * madd(d.v[3], half, d.v[1]);
  f4 even2 = madd(d.v[2], half, d.v[4]), odd2 = root * madd(d.v[1], half, d.v[3]);
  y.v[0] = madd(d.v[2], middle, d.v[0] + d.v[4]);
  y.v[1] = even - odd;
  y.v[2] = even + odd;
  y.v[3] = even2 + odd2;
  y.v[4] = even2 - odd2;
  y.v[5] = madd(d.v[3], middle, d.v[1] + d.v[5]);
  return y;
}

// Transforms `size` sums of products to `size` - 2 results.
INLINE Line output_line(const int32_t size, Line m) {
  Line y;
  f4 sum = m.v[1] + m.v[2], difference = m.v[1] - m.v[2];
  if (size == 4) {
    y.v[0] = m.v[0] + sum;
    y.v[1] = difference - m.v[3];
    return y;
  }
  f4 sum2 = m.v[3] + m.v[4], difference2 = m.v[3] - m.v[4];
  y.v[0] = m.v[0] + sum + sum2;
  y.v[1] = madd(difference, splat(ROOT / 2), splat(ROOT) * difference2);
  y.v[2] = madd(sum, splat(0.5f), sum2 + sum2);
  y.v[3] = madd(difference, splat(ROOT / 4), madd(difference2, splat(2 * ROOT), m.v[5]));
  return y;
}

// Transforms three weights to 4 or 6 values: value i is the sum of weight k times [i][k].
static const float weight_lines4[4][3] = {{1, 0, 0}, {0.5f, 0.5f, 0.5f}, {0.5f, -0.5f, 0.5f}, {0, 0, 1}};
static const float weight_lines6[6][3] = {
    {1, 0, 0},
    {-2 / 3.0f, -ROOT / 3, -1 / 3.0f},
    {-2 / 3.0f, ROOT / 3, -1 / 3.0f},
    {1 / 6.0f, ROOT / 6, 1 / 3.0f},
    {1 / 6.0f, -ROOT / 6, 1 / 3.0f},
    {0, 0, 1},
};
