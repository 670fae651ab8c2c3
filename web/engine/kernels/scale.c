#include "activation.h"
#include "vector.h"
#include "work_range.h"

// One row of factors (step 1), or of one factor (step 0).
INLINE void row(const float *x, const float *factor, const float *shift, int32_t step, float *y, int32_t count, f4 low,
                f4 high) {
  for (; count > 0; count -= 4, x += 4, y += 4) {
    const int32_t lanes = min_int(count, 4);
    f4 f = splat(*factor), s = splat(*shift);
    if (step) {
      f = lanes < 4 ? load_some(factor, lanes) : load(factor);
      s = lanes < 4 ? load_some(shift, lanes) : load(shift);
      factor += 4;
      shift += 4;
    }
    f4 v = madd(lanes < 4 ? load_some(x, lanes) : load(x), f, s);
    v = at_most(at_least(v, low), high);
    if (lanes < 4) {
      store_some(y, v, lanes);
    } else {
      store(y, v);
    }
  }
}

void scale(const Scale *op, Thread thread) {
  const bool dense = op->inner == 1, clip = op->activation.kind == ACTIVATION_CLIP;
  const f4 low = splat(clip ? op->activation.a : -__builtin_inff()),
           high = splat(clip ? op->activation.b : __builtin_inff());
  const int32_t count = dense ? op->middle : op->inner;
  WorkRange range = work_range(dense ? op->outer : op->outer * op->middle, thread);
  for (int32_t number = range.first; number < range.end; number++) {
    const float *x = op->x + (int64_t)number * count;
    float *y = op->y + (int64_t)number * count;
    if (dense) {
      row(x, op->factor, op->shift, 1, y, count, low, high);
    } else {
      row(x, op->factor + number % op->middle, op->shift + number % op->middle, 0, y, count, low, high);
    }
    if (!is_clip(&op->activation)) activate_values(y, y, count, &op->activation);
  }
}
