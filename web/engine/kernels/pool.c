#include "kernels.h"

#include "vector.h"
#include "work_range.h"

typedef struct {
  WorkRange rows, columns;
  float divisor;
} Window;

// The indices i in [0, kernel) for which start + i * dilation lies in [0, size).
static WorkRange inside(int32_t start, int32_t kernel, int32_t dilation, int32_t size) {
  int32_t first = start < 0 ? ceil_div(-start, dilation) : 0;
  int32_t end = start < size ? min_int(ceil_div(size - start, dilation), kernel) : 0;
  return (WorkRange){first, max_int(end, first)};
}

static int32_t length(WorkRange range) { return range.end - range.first; }

static Window window_at(const Pool *op, int32_t top, int32_t left) {
  Window window = {inside(top, op->kernel_height, op->dilation_height, op->in_height),
                   inside(left, op->kernel_width, op->dilation_width, op->in_width), 1};
  if (op->kind == POOL_AVERAGE) window.divisor = (float)length(window.rows) * (float)length(window.columns);
  if (op->kind == POOL_AVERAGE_WITH_PADDING) {
    int32_t height = op->in_height + op->pad_top + op->pad_bottom, width = op->in_width + op->pad_left + op->pad_right;
    WorkRange rows = inside(top + op->pad_top, op->kernel_height, op->dilation_height, height);
    WorkRange columns = inside(left + op->pad_left, op->kernel_width, op->dilation_width, width);
    window.divisor = (float)length(rows) * (float)length(columns);
  }
  return window;
}

static f4 reduce_window(const Pool *op, const Window *window, const float *x, int32_t lanes) {
  const int32_t step = op->dilation_width * op->channels, line = op->dilation_height * op->in_width * op->channels;
  f4 result = splat(op->kind == POOL_MAX ? -__builtin_inff() : 0);
  for (int32_t i = window->rows.first; i < window->rows.end; i++) {
    for (int32_t j = window->columns.first; j < window->columns.end; j++) {
      const float *p = x + (int64_t)i * line + (int64_t)j * step;
      f4 v = lanes < 4 ? load_some(p, lanes) : load(p);
      result = op->kind == POOL_MAX ? largest(result, v) : result + v;
    }
  }
  return op->kind == POOL_MAX ? result : result / splat(window->divisor);
}

void pool(const Pool *op, Thread thread) {
  WorkRange range = work_range(op->out_height, thread);
  float *y = op->y + (int64_t)range.first * op->out_width * op->channels;
  for (int32_t row = range.first; row < range.end; row++) {
    for (int32_t column = 0; column < op->out_width; column++) {
      int32_t top = row * op->stride_height - op->pad_top, left = column * op->stride_width - op->pad_left;
      Window window = window_at(op, top, left);
      const float *x = op->x + ((int64_t)top * op->in_width + left) * op->channels;
      int32_t c = 0;
      for (; c + 4 <= op->channels; c += 4, y += 4) store(y, reduce_window(op, &window, x + c, 4));
      if (c == op->channels) continue;
      store_some(y, reduce_window(op, &window, x + c, op->channels - c), op->channels - c);
      y += op->channels - c;
    }
  }
}
