// Rows times a large matrix in reduced precision. One row is bound by memory bandwidth: weights are converted as they are
// read. More rows are a product with panels in float32, of which a cache's worth is converted at a time.

#include "activation.h"
#include "dequantize.h"
#include "moves.h"
#include "product.h"
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

static f8 panel_sum(const StoredProduct *op, int32_t panel) {
  uint64_t start = (uint64_t)panel * matrix_bytes(op->format, op->inputs, 8);
  const char *w = (const char *)op->weights + start;
  if (op->format == MATRIX_INT4) return sum_of_int4(op->x, (const uint8_t *)w, op->inputs);
  if (op->format == MATRIX_FLOAT16) return sum_of_half(op->x, (const uint16_t *)w, op->inputs);
  if (op->format == MATRIX_SHIFTED16) return sum_of_shifted(op->x, (const uint16_t *)w, op->inputs);
  f8 sum = sum_of_int8(op->x, (const int8_t *)w, op->inputs);
  return (f8){sum.left * load(op->scale + panel * 8), sum.right * load(op->scale + panel * 8 + 4)};
}

static void one_row(const StoredProduct *op, WorkRange range) {
  for (int32_t panel = range.first; panel < range.end; panel++) {
    f8 sum = panel_sum(op, panel);
    float values[8];
    store(values, sum.left + load(op->bias + panel * 8));
    store(values + 4, sum.right + load(op->bias + panel * 8 + 4));
    int32_t outputs = min_int(op->outputs - panel * 8, 8);
    for (int32_t j = 0; op->residual && j < outputs; j++) values[j] += op->residual[panel * 8 + j];
    activate_values(values, values, 8, &op->activation);
    for (int32_t j = 0; j < outputs; j++) op->y[panel * 8 + j] = values[j];
  }
}

static float *put(float *y, f8 weights, f4 left, f4 right) {
  store(y, weights.left * left);
  store(y + 4, weights.right * right);
  return y + 8;
}

// A panel as Product has it.
static void convert_panel(const StoredProduct *op, int32_t panel, float *y) {
  const char *w = (const char *)op->weights + (uint64_t)panel * matrix_bytes(op->format, op->inputs, 8);
  store(y, load(op->bias + panel * 8));
  store(y + 4, load(op->bias + panel * 8 + 4));
  y += 8;
  const f4 one = splat(1);
  if (op->format == MATRIX_INT8_BY_INPUT) {
    for (int32_t i = 0; i < op->inputs; i++) {
      const f4 scale = splat(op->scale[i]);
      y = put(y, int8_weights((const int8_t *)w, 8 * i), scale, scale);
    }
  } else if (op->format == MATRIX_INT8) {
    const f4 left = load(op->scale + panel * 8), right = load(op->scale + panel * 8 + 4);
    for (int32_t i = 0; i < op->inputs; i++) y = put(y, int8_weights((const int8_t *)w, 8 * i), left, right);
  } else if (op->format == MATRIX_FLOAT16) {
    HALF_CONSTANTS
    for (int32_t i = 0; i < op->inputs; i++) y = put(y, half_weights((const uint16_t *)(const void *)w, 8 * i, k), one, one);
  } else if (op->format == MATRIX_SHIFTED16) {
    SHIFTED_CONSTANTS
    for (int32_t i = 0; i < op->inputs; i++)
      y = put(y, shifted_weights((const uint16_t *)(const void *)w, 8 * i, k), one, one);
  } else {
    for (int32_t i = 0; i < op->inputs; i += 32, w += 160) {
      const f4 left = load((const float *)(const void *)w), right = load((const float *)(const void *)w + 4);
      for (int32_t rows = 0; rows < 32; rows += 4) {
        const FourRows row = int4_rows((const uint8_t *)w + 32 + 4 * rows);
        y = put(y, row.w0, left, right);
        y = put(y, row.w1, left, right);
        y = put(y, row.w2, left, right);
        y = put(y, row.w3, left, right);
      }
    }
  }
}

// Panels converted at a time: as many as stay in the second-level cache.
static int32_t converted_panels(const StoredProduct *op) {
  enum { CACHED_WEIGHTS = 65536 };
  return max_int(1, min_int(CACHED_WEIGHTS / (8 * (op->inputs + 1)), ceil_div(op->outputs, 8)));
}

// Scales of inputs take a factor for each weight: such a matrix is converted for one row, too.
static bool reads_stored(const StoredProduct *op) { return op->rows == 1 && op->format != MATRIX_INT8_BY_INPUT; }

uint64_t stored_product_scratch(const StoredProduct *op) {
  return reads_stored(op) ? 0 : times(4, panel_floats(op->inputs, 8 * converted_panels(op)));
}

void stored_product(const StoredProduct *op, Thread thread, void *scratch) {
  // Threads share panels, so that each is converted once.
  const WorkRange range = work_range(ceil_div(op->outputs, 8), thread);
  if (reads_stored(op)) {
    one_row(op, range);
    return;
  }
  for (int32_t panel = range.first, count; panel < range.end; panel += count) {
    count = min_int(converted_panels(op), range.end - panel);
    for (int32_t i = 0; i < count; i++) convert_panel(op, panel + i, (float *)scratch + (int64_t)i * 8 * (op->inputs + 1));
    const Product part = {.x = op->x,
                          .weights = scratch,
                          .residual = op->residual ? op->residual + panel * 8 : 0,
                          .y = op->y + panel * 8,
                          .rows = op->rows,
                          .inputs = op->inputs,
                          .outputs = min_int(op->outputs - panel * 8, count * 8),
                          .x_stride = op->inputs,
                          .y_stride = op->outputs,
                          .activation = op->activation};
    product_part(&part, 0, count, 0);
  }
}
