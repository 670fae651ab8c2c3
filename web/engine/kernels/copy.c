#include "kernels.h"
#include "moves.h"
#include "work_range.h"

static void line(const float *x, int32_t x_step, float *y, int32_t y_step, int32_t count) {
  if (x_step == 1 && y_step == 1) {
    copy_values(x, y, count);
    return;
  }
  for (; count > 0; count--, x += x_step, y += y_step) *y = *x;
}

void copy(const Copy *op, Thread thread) {
  int32_t shared = 0;
  while (shared < op->rank - 1 && op->shape[shared] == 1) shared++;
  const int32_t last = op->rank - 1;
  WorkRange range = work_range(op->shape[shared], thread), part = {0, op->shape[last]};
  if (shared == last) part = range;
  int32_t rows = 1;
  for (int32_t axis = shared; axis < last; axis++) rows *= axis == shared ? range.end - range.first : op->shape[axis];
  for (int32_t number = 0; number < rows && part.first < part.end; number++) {
    int64_t x = (int64_t)part.first * op->x_strides[last], y = (int64_t)part.first * op->y_strides[last];
    int32_t rest = number;
    for (int32_t axis = last - 1; axis >= shared; axis--) {
      int32_t length = axis == shared ? range.end - range.first : op->shape[axis];
      int32_t index = rest % length + (axis == shared ? range.first : 0);
      rest /= length;
      x += (int64_t)index * op->x_strides[axis];
      y += (int64_t)index * op->y_strides[axis];
    }
    line(op->x + x, op->x_strides[last], op->y + y, op->y_strides[last], part.end - part.first);
  }
}

void fill(const Fill *op, Thread thread) {
  WorkRange range = work_range(op->count, thread);
  fill_values(op->y + range.first, range.end - range.first, op->value);
}
