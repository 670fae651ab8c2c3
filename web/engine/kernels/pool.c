// Pools, down the rows first and then along the row: a window of 5 x 5 takes 8 steps instead of 24.

#include "kernels.h"
#include "moves.h"
#include "vector.h"
#include "work_range.h"

// TOP loses a NaN that is the second operand, and is one instruction where the other takes eight (x86-64).
enum { SUM, TOP, TOP_OR_NAN };

// The range of indices i in [0, kernel) with start + i * dilation in [0, size).
static WorkRange inside(int32_t start, int32_t kernel, int32_t dilation, int32_t size) {
  int32_t first = start < 0 ? ceil_div(-start, dilation) : 0;
  int32_t end = start < size ? min_int(ceil_div(size - start, dilation), kernel) : 0;
  return (WorkRange){first, max_int(end, first)};
}

static int32_t length(WorkRange range) { return range.end - range.first; }

INLINE f4 join(int32_t how, f4 a, f4 b) {
  if (how == SUM) return a + b;
  return how == TOP ? at_least(a, b) : largest(a, b);
}

INLINE f4 load_lanes(const float *p, int32_t lanes) { return lanes < 4 ? load_some(p, lanes) : load(p); }

// `count` vectors `step` floats apart as one; `seen` becomes NaN if one of them has a NaN.
INLINE f4 joined(int32_t how, const float *p, int64_t step, int32_t count, int32_t lanes, f4 *seen) {
  f4 result = load_lanes(p, lanes), sum = result;
  if (count == 3 && lanes == 4) {
    f4 second = load(p + step), third = load(p + 2 * step);
    if (how == TOP) *seen += result + second + third;
    return join(how, join(how, result, second), third);
  }
  for (; count > 1; count--) {
    p += step;
    f4 v = load_lanes(p, lanes);
    result = join(how, result, v);
    if (how == TOP) sum += v;
  }
  // One addition that waits for the vectors before.
  if (how == TOP) *seen += sum;
  return result;
}

// y[i] of n >= 4 values. The last four may be computed twice.
INLINE bool down(int32_t how, const float *x, int64_t step, int32_t count, float *y, int32_t n) {
  f4 seen = splat(0);
  for (int32_t i = 0; i < n; i += 4) {
    const int32_t at = min_int(i, n - 4);
    store(y + at, joined(how, x + at, step, count, 4, &seen));
  }
  // A sum of infinities may be NaN too, then for nothing.
  const float total = sum_across(seen);
  return total == total;
}

// The columns of one output pixel.
INLINE void along(int32_t how, const float *x, int64_t step, int32_t count, float *y, int32_t n, float divisor) {
  f4 seen;
  const int32_t lanes = min_int(n, 4);
  for (int32_t i = 0; i < n; i += 4) {
    const int32_t at = min_int(i, n - lanes);
    f4 v = joined(how, x + at, step, count, lanes, &seen);
    if (how == SUM) v /= splat(divisor);
    if (lanes < 4) {
      store_some(y + at, v, lanes);
    } else {
      store(y + at, v);
    }
  }
}

// What the sum over a window is divided by.
static float divisor_at(const Pool *op, int32_t top, int32_t left, WorkRange rows, WorkRange columns) {
  if (op->kind == POOL_AVERAGE_WITH_PADDING) {
    int32_t height = op->in_height + op->pad_top + op->pad_bottom, width = op->in_width + op->pad_left + op->pad_right;
    rows = inside(top + op->pad_top, op->kernel_height, op->dilation_height, height);
    columns = inside(left + op->pad_left, op->kernel_width, op->dilation_width, width);
  }
  return (float)length(rows) * (float)length(columns);
}

uint64_t pool_scratch(const Pool *op) { return times(4, times((uint64_t)op->in_width, (uint64_t)op->channels)); }

void pool(const Pool *op, Thread thread, void *scratch) {
  float *line = scratch;
  const int32_t channels = op->channels, n = op->in_width * channels;
  const int64_t row_step = (int64_t)op->dilation_height * n, step = (int64_t)op->dilation_width * channels;
  WorkRange range = work_range(op->out_height, thread);
  float *y = op->y + (int64_t)range.first * op->out_width * op->y_pixel;
  for (int32_t row = range.first; row < range.end; row++) {
    const int32_t top = row * op->stride_height - op->pad_top;
    const WorkRange rows = inside(top, op->kernel_height, op->dilation_height, op->in_height);
    const float *x = op->x + ((int64_t)top + (int64_t)rows.first * op->dilation_height) * n;
    int32_t how = op->kind == POOL_MAX ? TOP : SUM;
    if (n < 4) {
      for (int32_t i = 0; i < n; i++) {
        f4 seen = splat(0);
        how = op->kind == POOL_MAX ? TOP_OR_NAN : SUM;
        line[i] = joined(how, x + i, row_step, length(rows), 1, &seen)[0];
      }
    } else if (how == SUM) {
      down(SUM, x, row_step, length(rows), line, n);
    } else if (!down(TOP, x, row_step, length(rows), line, n)) {
      how = TOP_OR_NAN;
      down(TOP_OR_NAN, x, row_step, length(rows), line, n);
    }
    for (int32_t column = 0; column < op->out_width; column++, y += op->y_pixel) {
      const int32_t left = column * op->stride_width - op->pad_left;
      const WorkRange columns = inside(left, op->kernel_width, op->dilation_width, op->in_width);
      const float *from = line + ((int64_t)left + (int64_t)columns.first * op->dilation_width) * channels;
      if (how == SUM) {
        along(SUM, from, step, length(columns), y, channels, divisor_at(op, top, left, rows, columns));
      } else if (how == TOP) {
        along(TOP, from, step, length(columns), y, channels, 1);
      } else {
        along(TOP_OR_NAN, from, step, length(columns), y, channels, 1);
      }
    }
  }
}
