#include "exp.h"
#include "kernels.h"
#include "logarithm.h"
#include "vector.h"
#include "work_range.h"

// Up to four columns over the middle axis, `step` floats apart.
static void columns(const Softmax *op, const float *x, float *y, int32_t lanes, const ExpConstants *k) {
  const int64_t step = op->inner;
  f4 top = load_some(x, lanes), sum = splat(0);
  for (int32_t m = 1; m < op->middle; m++) top = largest(top, load_some(x + m * step, lanes));
  for (int32_t m = 0; m < op->middle; m++) {
    f4 v = load_some(x + m * step, lanes) - top, e = exp4(v, k);
    store_some(y + m * step, op->logarithm ? v : e, lanes);
    sum += e;
  }
  f4 shift = op->logarithm ? log4(sum) : sum;
  for (int32_t m = 0; m < op->middle; m++) {
    f4 v = load_some(y + m * step, lanes);
    store_some(y + m * step, op->logarithm ? v - shift : v / shift, lanes);
  }
}

// A dense row: four of its values at a time.
static void line(const Softmax *op, const float *x, float *y, const ExpConstants *k) {
  const int32_t whole = op->middle & ~3, rest = op->middle - whole;
  f4 tops = splat(-__builtin_inff());
  for (int32_t m = 0; m < whole; m += 4) tops = largest(tops, load(x + m));
  for (int32_t m = whole; m < op->middle; m++) tops = largest(tops, splat(x[m]));
  const f4 top = splat(largest_across(tops));
  f4 sums = splat(0);
  for (int32_t m = 0; m < whole; m += 4) {
    f4 v = load(x + m) - top, e = exp4(v, k);
    store(y + m, op->logarithm ? v : e);
    sums += e;
  }
  if (rest) {
    f4 v = load_some(x + whole, rest) - top, e = exp4(v, k);
    store_some(y + whole, op->logarithm ? v : e, rest);
    for (int32_t lane = 0; lane < rest; lane++) sums[lane] += e[lane];
  }
  f4 shift = splat(sum_across(sums));
  if (op->logarithm) shift = log4(shift);
  for (int32_t m = 0; m < whole; m += 4) store(y + m, op->logarithm ? load(y + m) - shift : load(y + m) / shift);
  for (int32_t m = whole; m < op->middle; m++) y[m] = op->logarithm ? y[m] - shift[0] : y[m] / shift[0];
}

void softmax(const Softmax *op, Thread thread) {
  const ExpConstants k = exp_constants(1);
  const int32_t groups = ceil_div(op->inner, 4);
  WorkRange range = work_range(op->outer * groups, thread);
  for (int32_t number = range.first; number < range.end; number++) {
    int32_t inner = number % groups * 4;
    int64_t start = (int64_t)(number / groups) * op->middle * op->inner + inner;
    if (op->inner == 1) {
      line(op, op->x + start, op->y + start, &k);
    } else {
      columns(op, op->x + start, op->y + start, min_int(op->inner - inner, 4), &k);
    }
  }
}
