#include "kernels.h"
#include "work_range.h"

void pack_panels(const PackPanels *op, Thread thread) {
  WorkRange range = work_range((op->outputs + 7) / 8, thread);
  for (int32_t panel = range.first; panel < range.end; panel++) {
    float *y = op->y + (int64_t)panel * 8 * (op->inputs + 1);
    for (int32_t j = 0; j < 8; j++) y[j] = 0;
    y += 8;
    for (int32_t i = 0; i < op->inputs; i++) {
      for (int32_t j = 0; j < 8; j++) {
        int64_t output = panel * 8 + j;
        *y++ = output < op->outputs ? op->x[(int64_t)i * op->input_stride + output * op->output_stride] : 0;
      }
    }
  }
}
