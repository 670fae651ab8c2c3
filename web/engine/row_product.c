// One row times a large matrix in its small form. Bound by memory: the numbers are turned into floats as they come.

#include "activation.h"
#include "share.h"
#include "vector.h"

typedef int8_t b8 __attribute__((vector_size(8)));
typedef int16_t s4 __attribute__((vector_size(8)));
typedef int16_t s8 __attribute__((vector_size(16)));
typedef struct {
  f4 left, right;
} f8;

#define ANYWHERE(type) type __attribute__((aligned(1), may_alias))
typedef ANYWHERE(b8) b8_anywhere;
typedef ANYWHERE(s4) s4_anywhere;

#if defined(__wasm__)
#include <wasm_simd128.h>
INLINE f8 int8_weights(const int8_t *p) {
  v128_t wide = wasm_i16x8_load8x8(p);
  return (f8){(f4)wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(wide)),
              (f4)wasm_f32x4_convert_i32x4(wasm_i32x4_extend_high_i16x8(wide))};
}
#else
INLINE f8 int8_weights(const int8_t *p) {
  f8 v = {{p[0], p[1], p[2], p[3]}, {p[4], p[5], p[6], p[7]}};
  return v;
}
#endif

// value = (integer - 8) * scale, the scale being applied by the caller
INLINE f8 int4_weights(const uint8_t *p) {
  uint32_t n = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
  i4 all = {(int32_t)n, (int32_t)n, (int32_t)n, (int32_t)n};
  i4 low = {0, 4, 8, 12}, high = {16, 20, 24, 28};
  i4 left = ((i4)(all >> low) & 15) - 8, right = ((i4)(all >> high) & 15) - 8;
  return (f8){__builtin_convertvector(left, f4), __builtin_convertvector(right, f4)};
}

// Exponent and fraction moved into place and scaled by 2^112, which makes denormals right too; then infinity and NaN.
INLINE f4 float_of_half(const uint16_t *p) {
  i4 half = {p[0], p[1], p[2], p[3]};
  f4 scale = splat(0x1p112f);
  i4 magnitude = (half & 0x7fff) << 13;
  i4 special = (i4)(magnitude >= (0x7c00 << 13)) & 0x7f800000;
  return float_of(bits_of(float_of(magnitude) * scale) | special | ((half & 0x8000) << 16));
}
INLINE f8 half_weights(const uint16_t *p) { return (f8){float_of_half(p), float_of_half(p + 4)}; }

// The sum over inputs in four parts, added at the end, so that no addition waits for the one before it.
#define ACCUMULATE(part, weights_of, w, size)         \
  {                                                   \
    f8 weight = weights_of((w) + (part) * (size));    \
    f4 v = splat(x[part]);                            \
    left##part = madd(v, weight.left, left##part);    \
    right##part = madd(v, weight.right, right##part); \
  }
#define ZEROS                                                                    \
  f4 left0 = splat(0), left1 = left0, left2 = left0, left3 = left0, right0 = left0, right1 = left0, right2 = left0, \
     right3 = left0;
#define TOTAL ((f8){(left0 + left1) + (left2 + left3), (right0 + right1) + (right2 + right3)})

#define SUM(name, type, weights_of)                                         \
  static f8 name(const float *x, const type *w, int32_t inputs) {           \
    ZEROS                                                                   \
    for (; inputs >= 4; inputs -= 4, x += 4, w += 32) {                     \
      ACCUMULATE(0, weights_of, w, 8)                                       \
      ACCUMULATE(1, weights_of, w, 8)                                       \
      ACCUMULATE(2, weights_of, w, 8)                                       \
      ACCUMULATE(3, weights_of, w, 8)                                       \
    }                                                                       \
    for (; inputs > 0; inputs--, x++, w += 8) ACCUMULATE(0, weights_of, w, 8) \
    return TOTAL;                                                           \
  }

SUM(sum_of_int8, int8_t, int8_weights)
SUM(sum_of_half, uint16_t, half_weights)

static f8 sum_of_int4(const float *x, const uint8_t *w, int32_t inputs) {
  f8 sum = {splat(0), splat(0)};
  for (; inputs > 0; inputs -= 32, w += 160) {
    const float *scale = (const float *)w;
    ZEROS
    const uint8_t *rows = w + 32;
    for (int32_t i = 0; i < 32; i += 4, x += 4, rows += 16) {
      ACCUMULATE(0, int4_weights, rows, 4)
      ACCUMULATE(1, int4_weights, rows, 4)
      ACCUMULATE(2, int4_weights, rows, 4)
      ACCUMULATE(3, int4_weights, rows, 4)
    }
    f8 part = TOTAL;
    sum.left = madd(part.left, load(scale), sum.left);
    sum.right = madd(part.right, load(scale + 4), sum.right);
  }
  return sum;
}

static f8 panel_sum(const RowProduct *op, int32_t panel) {
  uint64_t start = (uint64_t)panel * matrix_bytes(op->format, op->inputs, 8);
  const char *w = (const char *)op->weights + start;
  if (op->format == MATRIX_INT4) return sum_of_int4(op->x, (const uint8_t *)w, op->inputs);
  if (op->format == MATRIX_FLOAT16) return sum_of_half(op->x, (const uint16_t *)w, op->inputs);
  f8 sum = sum_of_int8(op->x, (const int8_t *)w, op->inputs);
  return (f8){sum.left * load(op->scale + panel * 8), sum.right * load(op->scale + panel * 8 + 4)};
}

void row_product(const RowProduct *op, Share share) {
  Range range = share_of(ceil_div(op->outputs, 8), share);
  for (int32_t panel = range.first; panel < range.end; panel++) {
    f8 sum = panel_sum(op, panel);
    float values[8];
    store(values, sum.left + load(op->bias + panel * 8));
    store(values + 4, sum.right + load(op->bias + panel * 8 + 4));
    activate_values(values, values, 8, &op->activation);
    int32_t outputs = min_int(op->outputs - panel * 8, 8);
    for (int32_t j = 0; j < outputs; j++) op->y[panel * 8 + j] = values[j];
  }
}
