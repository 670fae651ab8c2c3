#include "activation.h"
#include "vector.h"
#include "work_range.h"

INLINE f4 smallest(f4 a, f4 b) { return choose(b != b, b, at_most(a, b)); }

INLINE f4 apply(int32_t kind, f4 a, f4 b) {
  switch (kind) {
    case BINARY_ADD: return a + b;
    case BINARY_SUB: return a - b;
    case BINARY_MUL: return a * b;
    case BINARY_DIV: return a / b;
    case BINARY_MIN: return smallest(a, b);
    default: return largest(a, b);
  }
}

// One row; an operand is dense (step 1), repeated (step 0) or strided.
INLINE void row(int32_t kind, const float *a, int32_t a_step, const float *b, int32_t b_step, float *y, int32_t count) {
  const bool quick = (a_step == 0 || a_step == 1) && (b_step == 0 || b_step == 1);
  for (; quick && count >= 4; count -= 4, y += 4) {
    f4 left = a_step ? load(a) : splat(*a), right = b_step ? load(b) : splat(*b);
    store(y, apply(kind, left, right));
    a += 4 * a_step;
    b += 4 * b_step;
  }
  for (; count > 0; count--, y++) {
    *y = apply(kind, splat(*a), splat(*b))[0];
    a += a_step;
    b += b_step;
  }
}

static void any_row(int32_t kind, const float *a, int32_t a_step, const float *b, int32_t b_step, float *y, int32_t count) {
  switch (kind) {
    case BINARY_ADD: row(BINARY_ADD, a, a_step, b, b_step, y, count); break;
    case BINARY_MUL: row(BINARY_MUL, a, a_step, b, b_step, y, count); break;
    default: row(kind, a, a_step, b, b_step, y, count); break;
  }
}

// Threads share the rows, the product of all axes but the last; a single row is split.
void binary(const Binary *op, Thread thread) {
  const int32_t last = op->rank - 1, count = op->shape[last];
  int32_t rows = 1;
  for (int32_t axis = 0; axis < last; axis++) rows *= op->shape[axis];
  WorkRange range = work_range(rows, thread), part = {0, count};
  if (rows == 1) {
    range = (WorkRange){0, 1};
    part = work_range(count, thread);
  }
  for (int32_t number = range.first; number < range.end; number++) {
    int64_t a = (int64_t)part.first * op->a_strides[last], b = (int64_t)part.first * op->b_strides[last];
    int32_t rest = number;
    for (int32_t axis = last - 1; axis >= 0; axis--) {
      int32_t index = rest % op->shape[axis];
      rest /= op->shape[axis];
      a += (int64_t)index * op->a_strides[axis];
      b += (int64_t)index * op->b_strides[axis];
    }
    float *y = op->y + (int64_t)number * count + part.first;
    int32_t length = part.end - part.first;
    any_row(op->kind, op->a + a, op->a_strides[last], op->b + b, op->b_strides[last], y, length);
    if (op->activation.kind != ACTIVATION_NONE) activate_values(y, y, length, &op->activation);
  }
}
