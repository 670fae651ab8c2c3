// From the sums of a depthwise convolution: the mean, or the gate of squeeze-and-excite.

#include "product.h"
#include "vector.h"
#include "work_range.h"

static void mean_of(const float *sums, int32_t threads, int32_t channels, int32_t pixels, WorkRange range, float *y) {
  for (int32_t c = range.first; c < range.end; c++) {
    float sum = 0;
    for (int32_t thread = 0; thread < threads; thread++) sum += sums[(int64_t)thread * channels + c];
    y[c] = sum / (float)pixels;
  }
}

static Product one_row(const float *x, const float *weights, float *y, int32_t inputs, int32_t outputs,
                       Activation activation) {
  return (Product){
      .x = x,
      .weights = weights,
      .y = y,
      .rows = 1,
      .inputs = inputs,
      .outputs = outputs,
      .x_stride = inputs,
      .y_stride = outputs,
      .activation = activation,
  };
}

uint64_t squeeze_excite_scratch(const SqueezeExcite *op) { return 4 * ((uint64_t)op->channels + (uint64_t)op->hidden); }

// Every thread computes the whole small hidden layer, which saves a barrier.
void squeeze_excite(const SqueezeExcite *op, Thread thread, void *scratch) {
  float *mean = scratch, *hidden = mean + op->channels;
  mean_of(op->sums, thread.count, op->channels, op->pixels, (WorkRange){0, op->channels}, mean);
  Product first = one_row(mean, op->first, hidden, op->channels, op->hidden, op->first_activation);
  product_part(&first, 0, ceil_div(op->hidden, 8), 0);
  Product second = one_row(hidden, op->second, op->gate, op->hidden, op->channels, op->second_activation);
  WorkRange panels = work_range(ceil_div(op->channels, 8), thread);
  if (panels.first < panels.end) product_part(&second, panels.first, panels.end, 0);
}

void mean_of_sums(const MeanOfSums *op, Thread thread) {
  mean_of(op->sums, thread.count, op->channels, op->pixels, work_range(op->channels, thread), op->y);
}
