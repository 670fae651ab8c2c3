// Any convolution as a product, one strip of output pixels at a time: a row holds the values under the kernel of one pixel.

#include "gather.h"
#include "grouped.h"
#include "moves.h"
#include "product.h"
#include "work_range.h"

// At least 49: the weights of layers with 7x7 pixels are large, and read once so.
enum { STRIP_PIXELS = 49 };

typedef struct {
  int32_t group_inputs, group_outputs; // channels
  int32_t inputs;                      // of the product
  int32_t rows, columns;               // of output pixels in a strip
} Shape;

static Shape shape_of(const Conv *op) {
  Shape shape = {op->in_channels / op->groups, op->out_channels / op->groups, 0, 1, op->out_width};
  shape.inputs = op->kernel_height * op->kernel_width * shape.group_inputs;
  if (op->max_pool) {
    shape.rows = 2;
    shape.columns = min_int(op->out_width / 2 * 2, STRIP_PIXELS / 2);
  } else if (op->out_width >= STRIP_PIXELS) {
    shape.columns = ceil_div(op->out_width, op->out_width / STRIP_PIXELS);
  } else {
    shape.rows = min_int(STRIP_PIXELS / op->out_width, op->out_height);
  }
  return shape;
}

static int32_t panels_of(const Shape *shape) { return ceil_div(shape->group_outputs, 8); }

// Convolves a strip into y, for a range of the panels of each group.
static void strip(const Conv *op, const Shape *shape, int32_t row, int32_t rows, int32_t column, int32_t columns,
                  WorkRange range, const float *residual, float *y, int32_t y_pixel, float *gathered) {
  int32_t panels = panels_of(shape);
  for (int32_t group = 0; group < op->groups; group++) {
    float *to = gathered;
    const float *x = op->x + (int64_t)group * shape->group_inputs * op->x_channel;
    for (int32_t i = 0; i < rows; i++, to += columns * shape->inputs) {
      gather_row(op, x, shape->group_inputs, row + i, column, columns, to);
    }
    Product part = {
        .x = gathered,
        .weights = op->weights + (int64_t)group * panels * 8 * (shape->inputs + 1),
        .residual = residual ? residual + group * shape->group_outputs : 0,
        .y = y + group * shape->group_outputs,
        .rows = rows * columns,
        .inputs = shape->inputs,
        .outputs = shape->group_outputs,
        .x_stride = shape->inputs,
        .y_stride = y_pixel,
        .activation = op->activation,
    };
    product_part(&part, range.first, range.end, 0);
  }
}

// The maxima of 2x2 pixels of x, which has two rows of `columns` pixels; those of y are y_pixel floats apart.
static void max_of_four(const float *x, float *y, int32_t columns, int32_t channels, int32_t y_pixel) {
  const int32_t line = columns * channels;
  for (int32_t j = 0; j + 1 < columns; j += 2, y += y_pixel) {
    for (int32_t c = 0; c < channels; c += 4) {
      const float *p = x + j * channels + c;
      const int32_t lanes = min_int(channels - c, 4);
      if (lanes == 4) {
        store(y + c, largest(largest(load(p), load(p + channels)), largest(load(p + line), load(p + line + channels))));
      } else {
        f4 top = largest(load_some(p, lanes), load_some(p + channels, lanes));
        f4 bottom = largest(load_some(p + line, lanes), load_some(p + line + channels, lanes));
        store_some(y + c, largest(top, bottom), lanes);
      }
    }
  }
}

static void pooled_rows(const Conv *op, const Shape *shape, WorkRange range, float *gathered) {
  const int32_t width = op->out_width / 2;
  float *strip_y = gathered + (int64_t)shape->rows * shape->columns * shape->inputs;
  for (int32_t row = range.first; row < range.end; row++) {
    for (int32_t column = 0; column < 2 * width; column += shape->columns) {
      int32_t columns = min_int(shape->columns, 2 * width - column);
      strip(op, shape, 2 * row, 2, column, columns, (WorkRange){0, panels_of(shape)}, 0, strip_y, op->out_channels,
            gathered);
      float *y = op->y + ((int64_t)row * width + column / 2) * op->y_pixel;
      max_of_four(strip_y, y, columns, op->out_channels, op->y_pixel);
    }
  }
}

uint64_t conv_scratch(const Conv *op) {
  if (is_grouped(op)) return grouped_scratch(op);
  Shape shape = shape_of(op);
  uint64_t pixels = (uint64_t)shape.rows * (uint64_t)shape.columns, inputs = (uint64_t)shape.inputs;
  uint64_t outputs = op->max_pool ? (uint64_t)op->out_channels : 0;
  return times(4 * pixels, inputs + outputs);
}

// Few rows cannot be shared evenly, as 7 by 2 or 8 threads: the outputs are shared instead, and each thread gathers all
// pixels, which takes a fraction of the product with at least 4 panels.
static bool splits_outputs(const Conv *op, int32_t panels, int32_t threads) {
  return op->out_height % threads && op->out_height < 4 * threads && panels >= 4 * threads;
}

void conv(const Conv *op, Thread thread, void *scratch) {
  if (is_grouped(op)) {
    grouped_conv(op, thread, scratch);
    return;
  }
  Shape shape = shape_of(op);
  if (op->max_pool) {
    pooled_rows(op, &shape, work_range(op->out_height / 2, thread), scratch);
    return;
  }
  WorkRange range = work_range(op->out_height, thread), panels = {0, panels_of(&shape)};
  if (splits_outputs(op, panels.end, thread.count)) {
    range = (WorkRange){0, op->out_height};
    panels = work_range(panels.end, thread);
  }
  for (int32_t row = range.first; row < range.end; row += shape.rows) {
    int32_t rows = min_int(shape.rows, range.end - row);
    for (int32_t column = 0; column < op->out_width; column += shape.columns) {
      int32_t columns = min_int(shape.columns, op->out_width - column);
      // A residual is as far apart as y.
      int64_t offset = ((int64_t)row * op->out_width + column) * op->y_pixel;
      // Several rows only if a strip has all columns, so that its pixels are contiguous in y.
      strip(op, &shape, row, rows, column, columns, panels, op->residual ? op->residual + offset : 0, op->y + offset,
            op->y_pixel, scratch);
    }
  }
}
