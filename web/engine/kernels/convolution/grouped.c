// Convolutions with many groups of few channels (ResNeXt, RegNet): as products they are too narrow, and copying the values
// under the kernel of each pixel takes longer than multiplying them.
//
// The lines of the input under a line of output pixels are copied once, with their padding, for groups of about 32 channels:
// they stay in the first-level cache, and the tiles read them at each kernel position.

#include "grouped.h"

#include "activation.h"
#include "moves.h"
#include "tiles.h"
#include "work_range.h"

enum {
  PART_CHANNELS = 32, // of the input, copied at a time
  MAX_LINES = 8,      // kernel rows
};

typedef struct {
  const float *lines[MAX_LINES]; // for each kernel row, the first pixel of the tile
  int32_t height, width, inputs; // of the kernel, and of a group
  int32_t step, tap;             // floats from pixel to pixel, and from kernel position to kernel position
} Window;

#ifdef __wasm_relaxed_simd__
#define EACH_ROW(X) X(0) X(1) X(2) X(3) X(4) X(5)
#else
#define EACH_ROW(X) X(0) X(1) X(2) X(3) X(4)
#endif

#define PAIR 0
#define TILE_NAME tile_of_group
#include "grouped_tile.h"

#define PAIR 1
#define TILE_NAME tile_of_pair
#include "grouped_tile.h"

typedef struct {
  int32_t inputs, outputs; // of a group
  int32_t groups;          // of a part, at most
  int32_t parts;
  int32_t channels; // of a part's input, at most
  int32_t columns;  // of a copied line
} Shape;

bool is_grouped(const Conv *op) {
  return op->groups > 1 && op->in_channels / op->groups <= PART_CHANNELS && op->x_channel == 1 && !op->max_pool &&
         op->kernel_height <= MAX_LINES;
}

static Shape shape_of(const Conv *op) {
  Shape shape = {.inputs = op->in_channels / op->groups, .outputs = op->out_channels / op->groups};
  shape.groups = min_int(PART_CHANNELS / shape.inputs, op->groups);
  shape.parts = ceil_div(op->groups, shape.groups);
  shape.channels = shape.groups * shape.inputs;
  // The last tile reads pixels beyond the output.
  const int32_t pixels = ceil_div(op->out_width, TILE_ROWS) * TILE_ROWS;
  shape.columns = (pixels - 1) * op->stride_width + (op->kernel_width - 1) * op->dilation_width + 1;
  return shape;
}

uint64_t grouped_scratch(const Conv *op) {
  const Shape shape = shape_of(op);
  return times(4 * (uint64_t)shape.columns, (uint64_t)shape.channels * (uint64_t)(op->kernel_height + 1));
}

static void copy_line(const Conv *op, const Shape *shape, const float *x, int32_t channels, float *y) {
  for (int32_t column = 0; column < shape->columns; column++, y += channels) {
    const int32_t w = column - op->pad_left;
    if (w < 0 || w >= op->in_width) {
      fill_values(y, channels, 0);
    } else {
      copy_values(x + (int64_t)w * op->x_pixel, y, channels);
    }
  }
}

// Adds the residual, applies the activation and stores `pixels` pixels of a tile; `offset` is that of the first in y.
static void finish(const Conv *op, float *tile, int64_t offset, int32_t pixels, int32_t lanes) {
  if (op->residual) {
    for (int32_t i = 0; i < pixels; i++) {
      const float *residual = op->residual + offset + (int64_t)i * op->y_pixel;
      for (int32_t lane = 0; lane < lanes; lane++) tile[8 * i + lane] += residual[lane];
    }
  }
  const bool clip = op->activation.kind == ACTIVATION_CLIP;
  if (!is_clip(&op->activation)) activate_values(tile, tile, 8 * pixels, &op->activation);
  const f4 low = splat(op->activation.a), high = splat(op->activation.b);
  for (int32_t i = 0; i < pixels; i++) {
    float *y = op->y + offset + (int64_t)i * op->y_pixel;
    for (int32_t lane = 0; lane < lanes; lane += 4) {
      f4 v = load(tile + 8 * i + lane);
      if (clip) v = at_most(at_least(v, low), high);
      if (lanes - lane >= 4) {
        store(y + lane, v);
      } else {
        store_some(y + lane, v, lanes - lane);
      }
    }
  }
}

// One line of the output, of `groups` groups from `group` on; `window` is that of the first pixel.
static void output_line(const Conv *op, const Shape *shape, const Window *window, int32_t group, int32_t groups,
                        int32_t row) {
  const int64_t panel_floats = 8 * (1 + (int64_t)window->height * window->width * shape->inputs);
  const int64_t group_floats = ceil_div(shape->outputs, 8) * panel_floats;
  const bool fours = shape->inputs == 4 && shape->outputs == 4;
  for (int32_t number = 0; number < groups; number++) {
    const bool pair = fours && number + 1 < groups;
    const int32_t outputs = pair ? 8 : shape->outputs, first = group + number;
    Window at = *window;
    for (int32_t i = 0; i < at.height; i++) at.lines[i] += number * shape->inputs;
    for (int32_t column = 0; column < op->out_width; column += TILE_ROWS) {
      const float *w = op->weights + first * group_floats;
      for (int32_t output = 0; output < outputs; output += 8, w += panel_floats) {
        float tile[TILE_ROWS * 8];
        if (pair) {
          tile_of_pair(&at, w, w + group_floats, tile);
        } else {
          tile_of_group(&at, w, w, tile);
        }
        int64_t offset = ((int64_t)row * op->out_width + column) * op->y_pixel + first * shape->outputs + output;
        finish(op, tile, offset, min_int(op->out_width - column, TILE_ROWS), min_int(outputs - output, 8));
      }
      for (int32_t i = 0; i < at.height; i++) at.lines[i] += TILE_ROWS * at.step;
    }
    number += pair;
  }
}

void grouped_conv(const Conv *op, Thread thread, void *scratch) {
  const Shape shape = shape_of(op);
  const int32_t height = op->kernel_height;
  // Lines of all parts in one range: few lines are work for many threads, too.
  const WorkRange range = work_range(shape.parts * op->out_height, thread);
  const int64_t line_floats = (int64_t)shape.columns * shape.channels;
  float *lines = scratch, *zeros = lines + height * line_floats;
  int32_t copied[MAX_LINES]; // rows of the input
  if (range.first < range.end) fill_values(zeros, (int32_t)line_floats, 0);
  for (int32_t number = range.first; number < range.end; number++) {
    const int32_t row = number % op->out_height, group = number / op->out_height * shape.groups;
    const int32_t groups = min_int(shape.groups, op->groups - group), channels = groups * shape.inputs;
    Window window = {.height = height,
                     .width = op->kernel_width,
                     .inputs = shape.inputs,
                     .step = op->stride_width * channels,
                     .tap = op->kernel_width > 1 ? op->dilation_width * channels : 0};
    for (int32_t i = 0; (number == range.first || !row) && i < height; i++) copied[i] = -1;
    for (int32_t i = 0; i < height; i++) {
      const int32_t h = row * op->stride_height - op->pad_top + i * op->dilation_height;
      window.lines[i] = zeros;
      if (h < 0 || h >= op->in_height) continue;
      // The same place for the same row, and another one for each of those that are needed at a time.
      const int32_t place = h / op->dilation_height % height;
      float *line = lines + place * line_floats;
      if (copied[place] != h) {
        copy_line(op, &shape, op->x + (int64_t)h * op->x_row + group * shape.inputs, channels, line);
        copied[place] = h;
      }
      window.lines[i] = line;
    }
    output_line(op, &shape, &window, group, groups, row);
  }
}
