#include "kernels.h"

#include "vector.h"
#include "work_range.h"

static f4 join(int32_t kind, f4 a, f4 b) { return kind == REDUCE_MAX ? largest(a, b) : a + b; }

// Up to four neighbours of the inner axis over all of the middle axis, in four partial sums for precision and speed.
static f4 column(const Reduce *op, const float *x, int32_t lanes) {
  const f4 start = splat(op->kind == REDUCE_MAX ? -__builtin_inff() : 0);
  f4 parts[4] = {start, start, start, start};
  for (int32_t m = 0; m < op->middle; m++, x += op->inner) {
    f4 v = lanes < 4 ? load_some(x, lanes) : load(x);
    parts[m & 3] = join(op->kind, parts[m & 3], v);
  }
  f4 all = join(op->kind, join(op->kind, parts[0], parts[1]), join(op->kind, parts[2], parts[3]));
  return op->kind == REDUCE_MEAN ? all / splat((float)op->middle) : all;
}

// With an inner axis of 1 the middle axis is dense: four of its values at a time.
static float line(const Reduce *op, const float *x) {
  f4 all = splat(op->kind == REDUCE_MAX ? -__builtin_inff() : 0);
  int32_t m = 0;
  for (; m + 4 <= op->middle; m += 4) all = join(op->kind, all, load(x + m));
  for (; m < op->middle; m++) {
    f4 v = splat(op->kind == REDUCE_MAX ? -__builtin_inff() : 0);
    v[0] = x[m];
    all = join(op->kind, all, v);
  }
  float result = op->kind == REDUCE_MAX ? largest_across(all) : sum_across(all);
  return op->kind == REDUCE_MEAN ? result / (float)op->middle : result;
}

static float index_of_max(const Reduce *op, const float *x) {
  int32_t at = 0;
  float best = x[0];
  for (int32_t m = 1; m < op->middle; m++) {
    float v = x[(int64_t)m * op->inner];
    if (v > best || (v != v && best == best)) best = v, at = m;
  }
  return (float)at;
}

void reduce(const Reduce *op, Thread thread) {
  const int32_t columns = ceil_div(op->inner, 4);
  WorkRange range = work_range(op->outer * columns, thread);
  for (int32_t number = range.first; number < range.end; number++) {
    int32_t outer = number / columns, inner = number % columns * 4;
    const float *x = op->x + (int64_t)outer * op->middle * op->inner + inner;
    float *y = op->y + (int64_t)outer * op->inner + inner;
    int32_t lanes = min_int(op->inner - inner, 4);
    if (op->kind == REDUCE_INDEX_OF_MAX) {
      for (int32_t lane = 0; lane < lanes; lane++) y[lane] = index_of_max(op, x + lane);
    } else if (op->inner == 1) {
      *y = line(op, x);
    } else if (lanes < 4) {
      store_some(y, column(op, x, lanes), lanes);
    } else {
      store(y, column(op, x, 4));
    }
  }
}
