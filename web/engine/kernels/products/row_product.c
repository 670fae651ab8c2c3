// One row times a large matrix in reduced precision. Bound by memory bandwidth: weights are converted as they are read.

#include "activation.h"
#include "dequantize.h"
#include "vector.h"
#include "work_range.h"

// The sum over inputs in four independent partial sums, to hide the latency of additions.
#define ACCUMULATE(part, weights_of, w, size)         \
  {                                                   \
    f8 weight = weights_of(w, (part) * (size));       \
    f4 v = splat(x[part]);                            \
    left##part = madd(v, weight.left, left##part);    \
    right##part = madd(v, weight.right, right##part); \
  }
#define ZEROS                                                                                                       \
  f4 left0 = splat(0), left1 = left0, left2 = left0, left3 = left0, right0 = left0, right1 = left0, right2 = left0, \
     right3 = left0;
#define TOTAL ((f8){(left0 + left1) + (left2 + left3), (right0 + right1) + (right2 + right3)})

// In memory, where V8 reads them as operands instead of rebuilding each.
#define HALF_CONSTANTS                        \
  HalfConstants constants = half_constants(); \
  const HalfConstants *k = &constants;        \
  OPAQUE(k);

#define SHIFTED_CONSTANTS                           \
  ShiftedConstants constants = shifted_constants(); \
  const ShiftedConstants *k = &constants;           \
  OPAQUE(k);

#define SUM(name, type, weights_of, prepare)                                  \
  static f8 name(const float *x, const type *w, int32_t inputs) {             \
    ZEROS                                                                     \
    prepare                                                                   \
    for (; inputs >= 4; inputs -= 4, x += 4, w += 32) {                       \
      ACCUMULATE(0, weights_of, w, 8)                                         \
      ACCUMULATE(1, weights_of, w, 8)                                         \
      ACCUMULATE(2, weights_of, w, 8)                                         \
      ACCUMULATE(3, weights_of, w, 8)                                         \
    }                                                                         \
    for (; inputs > 0; inputs--, x++, w += 8) ACCUMULATE(0, weights_of, w, 8) \
    return TOTAL;                                                             \
  }

#define HALF_WEIGHTS(w, first) half_weights(w, first, k)
SUM(sum_of_int8, int8_t, int8_weights, )
SUM(sum_of_half, uint16_t, HALF_WEIGHTS, HALF_CONSTANTS)
#define SHIFTED_WEIGHTS(w, first) shifted_weights(w, first, k)
SUM(sum_of_shifted, uint16_t, SHIFTED_WEIGHTS, SHIFTED_CONSTANTS)

static f8 sum_of_int4(const float *x, const uint8_t *w, int32_t inputs) {
  f8 sum = {splat(0), splat(0)};
  for (; inputs > 0; inputs -= 32, w += 160) {
    const float *scale = (const float *)(const void *)w;
    ZEROS
    const uint8_t *rows = w + 32;
    for (int32_t i = 0; i < 32; i += 4, x += 4, rows += 16) {
      const FourRows row = int4_rows(rows);
      ACCUMULATE(0, row_weights, row.w0, 0)
      ACCUMULATE(1, row_weights, row.w1, 0)
      ACCUMULATE(2, row_weights, row.w2, 0)
      ACCUMULATE(3, row_weights, row.w3, 0)
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
  if (op->format == MATRIX_SHIFTED16) return sum_of_shifted(op->x, (const uint16_t *)w, op->inputs);
  f8 sum = sum_of_int8(op->x, (const int8_t *)w, op->inputs);
  return (f8){sum.left * load(op->scale + panel * 8), sum.right * load(op->scale + panel * 8 + 4)};
}

void row_product(const RowProduct *op, Thread thread) {
  WorkRange range = work_range(ceil_div(op->outputs, 8), thread);
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
