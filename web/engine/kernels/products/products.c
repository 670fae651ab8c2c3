#include "kernels.h"
#include "moves.h"
#include "work_range.h"

// One matrix in panels of Product, with zeros for biases.
static void pack(const Products *op, const float *w, float *panels) {
  for (int32_t panel = 0; panel < op->outputs; panel += 8) {
    for (int32_t j = 0; j < 8; j++) *panels++ = 0;
    for (int32_t i = 0; i < op->inputs; i++) {
      for (int32_t j = 0; j < 8; j++) {
        int64_t output = panel + j;
        *panels++ = output < op->outputs ? w[(int64_t)i * op->input_stride + output * op->output_stride] : 0;
      }
    }
  }
}

uint64_t products_scratch(const Products *op) { return times(4, panel_floats(op->inputs, op->outputs)); }

void products(const Products *op, Thread thread, void *scratch) {
  WorkRange range = work_range(op->count, thread);
  for (int32_t n = range.first; n < range.end; n++) {
    // All products may read the same matrix: it is packed once.
    if (n == range.first || op->w_step) pack(op, op->w + (int64_t)n * op->w_step, scratch);
    const Product one = {.x = op->x + (int64_t)n * op->x_step,
                         .weights = scratch,
                         .y = op->y + (int64_t)n * op->rows * op->outputs,
                         .rows = op->rows,
                         .inputs = op->inputs,
                         .outputs = op->outputs,
                         .x_stride = op->inputs,
                         .y_stride = op->outputs};
    product(&one, (Thread){0, 1}, 0); // without a gate it needs no scratch
  }
}
