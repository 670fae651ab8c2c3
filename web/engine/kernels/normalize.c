#include "kernels.h"
#include "square_root.h"
#include "vector.h"
#include "work_range.h"

// First the mean, then the squared differences from it: a single pass would lose the digits of a small variance. The mean
// of the differences is the rounding error of the mean, which shows where all values are almost equal (the correction of
// Chan, Golub and LeVeque 1983; that of the variance, its square, would never show beside `epsilon`).

// Up to four columns over the middle axis.
static void columns(const Normalize *op, const float *x, float *y, int32_t lanes) {
  const f4 count = splat((float)op->middle);
  const int64_t step = op->inner;
  f4 sum = splat(0), rest = splat(0), squares = splat(0);
  for (int32_t m = 0; m < op->middle; m++) sum += load_some(x + m * step, lanes);
  const f4 mean = sum / count;
  for (int32_t m = 0; m < op->middle; m++) {
    f4 d = load_some(x + m * step, lanes) - mean;
    rest += d;
    squares = madd(d, d, squares);
  }
  rest /= count;
  const f4 factor = splat(1) / square_root(squares / count + splat(op->epsilon));
  for (int32_t m = 0; m < op->middle; m++) {
    store_some(y + m * step, (load_some(x + m * step, lanes) - mean - rest) * factor, lanes);
  }
}

// A dense row: four of its values at a time.
static void line(const Normalize *op, const float *x, float *y) {
  const int32_t whole = op->middle & ~3;
  f4 sums = splat(0), rests = splat(0), squares = splat(0);
  for (int32_t m = 0; m < whole; m += 4) sums += load(x + m);
  for (int32_t m = whole; m < op->middle; m++) sums[m & 3] += x[m];
  const f4 mean = splat(sum_across(sums) / (float)op->middle);
  for (int32_t m = 0; m < whole; m += 4) {
    f4 d = load(x + m) - mean;
    rests += d;
    squares = madd(d, d, squares);
  }
  for (int32_t m = whole; m < op->middle; m++) {
    float d = x[m] - mean[0];
    rests[m & 3] += d;
    squares[m & 3] += d * d;
  }
  const f4 rest = splat(sum_across(rests) / (float)op->middle);
  const f4 factor = splat(1) / square_root(splat(sum_across(squares) / (float)op->middle + op->epsilon));
  for (int32_t m = 0; m < op->middle; m += 4) {
    const int32_t lanes = min_int(op->middle - m, 4);
    f4 v = ((lanes < 4 ? load_some(x + m, lanes) : load(x + m)) - mean - rest) * factor;
    if (op->scale) v = madd(v, load_some(op->scale + m, lanes), load_some(op->shift + m, lanes));
    if (lanes < 4) {
      store_some(y + m, v, lanes);
    } else {
      store(y + m, v);
    }
  }
}

void normalize(const Normalize *op, Thread thread) {
  const int32_t groups = ceil_div(op->inner, 4);
  WorkRange range = work_range(op->outer * groups, thread);
  for (int32_t number = range.first; number < range.end; number++) {
    int32_t inner = number % groups * 4;
    int64_t start = (int64_t)(number / groups) * op->middle * op->inner + inner;
    if (op->inner == 1) {
      line(op, op->x + start, op->y + start);
    } else {
      columns(op, op->x + start, op->y + start, min_int(op->inner - inner, 4));
    }
  }
}
