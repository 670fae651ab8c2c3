// 3x3 convolutions of stride 1 by Winograd's minimal filtering (Lavin and Gray 2015, "Fast Algorithms for Convolutional
// Neural Networks"): F(2x2, 3x3) with 2.25 times and F(4x4, 3x3) with 4 times fewer multiplications than the direct sum.
//
// The output is divided into tiles of 2x2 or 4x4 pixels. The input under a tile (4x4 or 6x6 pixels) is transformed to 16 or
// 36 values per channel; each of these values is multiplied with its own matrix of transformed weights, all tiles at once;
// the sums are transformed back. Tiles are processed in blocks, and the products of a block for one panel (eight outputs) at
// a time: the products then fit in the first-level cache, the transformed tiles in the second-level cache.

#include "winograd.h"

#include "activation.h"
#include "moves.h"
#include "product.h"
#include "tiles.h"
#include "winograd_lines.h"

#define SIZE 4
#define NAME(x) x##_4
#include "winograd_tile.h"

#define SIZE 6
#define NAME(x) x##_6
#include "winograd_tile.h"

static void input_tile(int32_t size, const float *const *pixels, int32_t channels, float *x, int32_t step) {
  if (size == 4) input_tile_4(pixels, channels, x, step);
  else input_tile_6(pixels, channels, x, step);
}

static void output_tile(int32_t size, const float *sums, int32_t step, const float *bias, float *y) {
  if (size == 4) output_tile_4(sums, step, bias, y);
  else output_tile_6(sums, step, bias, y);
}

enum {
  // Floats of a block per value of the transform: 36 times this is 864 KiB, most of a second-level cache.
  BLOCK_FLOATS = 6144,
  MIN_BLOCK = 4 * TILE_ROWS, // tiles; the weights are read once per block
  MAX_BLOCK = 10 * TILE_ROWS,
  MAX_VALUES = 36,
  MAX_PIXELS = 16,
};

typedef struct {
  int32_t size, values;          // of an input tile: 4 and 16, or 6 and 36
  int32_t out_height, out_width; // even with a max pool
  int32_t columns, tiles;
  int32_t channels; // of the input, rounded up to a multiple of 4
  int32_t block;    // largest number of tiles in a block
  // Floats from one value of the transform to the next, with a cache line of padding: strides of whole pages would map to
  // the same cache sets.
  int32_t x_step, sum_step;
} Shape;

static Shape shape_of(const Winograd *op) {
  Shape shape = {.size = op->tile + 2, .out_height = op->out_height, .out_width = op->out_width};
  if (op->max_pool) {
    shape.out_height -= op->out_height % 2;
    shape.out_width -= op->out_width % 2;
  }
  shape.values = shape.size * shape.size;
  shape.columns = ceil_div(shape.out_width, op->tile);
  shape.tiles = ceil_div(shape.out_height, op->tile) * shape.columns;
  shape.channels = ceil_div(op->in_channels, 4) * 4;
  shape.block = min_int(max_int(BLOCK_FLOATS / shape.channels, MIN_BLOCK), MAX_BLOCK);
  shape.block = min_int(shape.block, shape.tiles);
  shape.x_step = shape.block * shape.channels + CACHE_LINE;
  shape.sum_step = shape.block * 8 + CACHE_LINE;
  return shape;
}

uint64_t winograd_scratch(const Winograd *op) {
  Shape shape = shape_of(op);
  uint64_t x_step = (uint64_t)shape.block * (uint64_t)shape.channels + CACHE_LINE;
  return 4 * ((uint64_t)shape.channels + (uint64_t)shape.values * (x_step + (uint64_t)shape.sum_step));
}

typedef struct {
  const Winograd *op;
  Shape shape;
  float *zeros; // a pixel of the padding
  float *x;     // [values][block][channels], values x_step apart
  float *sums;  // [values][block][8], values sum_step apart
} Pass;

// Transforms the input of tile `number` to position `at` of the block.
static void transform_tile(const Pass *pass, int32_t number, int32_t at) {
  const Winograd *op = pass->op;
  const Shape *shape = &pass->shape;
  const int32_t top = number / shape->columns * op->tile - op->pad_top;
  const int32_t left = number % shape->columns * op->tile - op->pad_left;
  const float *pixels[MAX_VALUES];
  for (int32_t i = 0; i < shape->size; i++) {
    for (int32_t j = 0; j < shape->size; j++) {
      const int32_t row = top + i, column = left + j;
      bool inside = row >= 0 && row < op->in_height && column >= 0 && column < op->in_width;
      const float *pixel = op->x + ((int64_t)row * op->in_width + column) * op->in_channels;
      pixels[i * shape->size + j] = inside ? pixel : pass->zeros;
    }
  }
  const int32_t whole = op->in_channels / 4 * 4, rest = op->in_channels - whole;
  float *x = pass->x + at * shape->channels;
  input_tile(shape->size, pixels, whole, x, shape->x_step);
  if (!rest) return;
  float last[MAX_VALUES * 4];
  for (int32_t i = 0; i < shape->values; i++) {
    store(last + 4 * i, load_some(pixels[i] + whole, rest));
    pixels[i] = last + 4 * i;
  }
  input_tile(shape->size, pixels, 4, x + whole, shape->x_step);
}

// Multiplies `tiles` tiles by one panel; `weights` points behind its biases. `last`: no panel follows.
static void multiply(const Pass *pass, int32_t group, const float *weights, int32_t tiles, bool last) {
  const Shape *shape = &pass->shape;
  const int32_t channels = pass->op->in_channels / pass->op->groups;
  Product one = {
      .x = pass->x + group * channels,
      .weights = weights,
      .y = pass->sums,
      .rows = tiles,
      .inputs = channels,
      .outputs = 8,
      .x_stride = shape->channels,
      .y_stride = 8,
  };
  for (int32_t value = 0; value < shape->values; value++) {
    const float *next = one.weights + (channels + 1) * 8;
    product_panel(&one, last && value == shape->values - 1 ? 0 : next);
    one.x += shape->x_step;
    one.weights = next;
    one.y += shape->sum_step;
  }
}

// Max pool of 2x2 pixels, in place: `y` is a tile of `size` x `size` pixels of eight channels.
static void pool_tile(float *y, int32_t size) {
  float *to = y;
  for (int32_t i = 0; i < size; i += 2) {
    for (int32_t j = 0; j < size; j += 2) {
      const float *p = y + (i * size + j) * 8, *q = p + size * 8;
      for (int32_t lane = 0; lane < 8; lane += 4, to += 4) {
        f4 top = largest(load(p + lane), load(p + 8 + lane));
        store(to, largest(top, largest(load(q + lane), load(q + 8 + lane))));
      }
    }
  }
}

// Position of a tile in the output.
typedef struct {
  int32_t rows, columns; // inside the output
  int64_t offset;        // of the first pixel
} Target;

static Target target_of(const Pass *pass, int32_t number) {
  const Shape *shape = &pass->shape;
  const int32_t shrink = pass->op->max_pool ? 2 : 1, size = pass->op->tile / shrink;
  const int32_t height = shape->out_height / shrink, width = shape->out_width / shrink;
  const int32_t row = number / shape->columns * size, column = number % shape->columns * size;
  return (Target){min_int(size, height - row), min_int(size, width - column),
                  ((int64_t)row * width + column) * pass->op->y_pixel};
}

static void store_tile(const Pass *pass, const Target *target, const float *tile, int32_t channel, int32_t lanes) {
  const Winograd *op = pass->op;
  const int32_t shrink = op->max_pool ? 2 : 1, size = op->tile / shrink, width = pass->shape.out_width / shrink;
  const f4 low = splat(op->activation.a), high = splat(op->activation.b);
  const bool clip = op->activation.kind == ACTIVATION_CLIP;
  // Before any other activation the residual has been added already.
  const float *residual = is_clip(&op->activation) ? op->residual : 0;
  for (int32_t i = 0; i < target->rows; i++) {
    for (int32_t j = 0; j < target->columns; j++) {
      int64_t at = target->offset + ((int64_t)i * width + j) * op->y_pixel + channel;
      for (int32_t lane = 0; lane < lanes; lane += 4) {
        const int32_t left = min_int(lanes - lane, 4);
        f4 v = load(tile + (i * size + j) * 8 + lane);
        if (residual) v += left == 4 ? load(residual + at + lane) : load_some(residual + at + lane, left);
        if (clip) v = at_most(at_least(v, low), high);
        if (left == 4) {
          store(op->y + at + lane, v);
        } else {
          store_some(op->y + at + lane, v, left);
        }
      }
    }
  }
}

static void add_residual(const Pass *pass, const Target *target, float *tile, int32_t channel, int32_t lanes) {
  const Winograd *op = pass->op;
  for (int32_t i = 0; i < target->rows; i++) {
    for (int32_t j = 0; j < target->columns; j++) {
      const float *from = op->residual + target->offset + channel;
      from += ((int64_t)i * pass->shape.out_width + j) * op->y_pixel;
      float *to = tile + (i * op->tile + j) * 8;
      for (int32_t lane = 0; lane < lanes; lane++) to[lane] += from[lane];
    }
  }
}

// Transforms the sums of a tile back, then applies residual, activation and max pool, and stores the result.
static void finish_tile(const Pass *pass, int32_t number, int32_t at, const float *bias, int32_t channel, int32_t lanes) {
  const Winograd *op = pass->op;
  float tile[MAX_PIXELS * 8];
  const Target target = target_of(pass, number);
  output_tile(pass->shape.size, pass->sums + at * 8, pass->shape.sum_step, bias, tile);
  if (!is_clip(&op->activation)) {
    if (op->residual) add_residual(pass, &target, tile, channel, lanes);
    activate_values(tile, tile, op->tile * op->tile * 8, &op->activation);
  }
  if (op->max_pool) pool_tile(tile, op->tile);
  store_tile(pass, &target, tile, channel, lanes);
}

// Computes tiles [first, first + tiles) of a range of panels.
static void run_block(const Pass *pass, int32_t first, int32_t tiles, WorkRange panels) {
  const Winograd *op = pass->op;
  const int32_t inputs = op->in_channels / op->groups, outputs = op->out_channels / op->groups;
  const int32_t each = ceil_div(outputs, 8);
  const int64_t panel_floats = 8 * (1 + (int64_t)pass->shape.values * (inputs + 1));
  for (int32_t at = 0; at < tiles; at++) transform_tile(pass, first + at, at);
  for (int32_t panel = panels.first; panel < panels.end; panel++) {
    const int32_t group = panel / each, output = panel % each * 8;
    const float *bias = op->weights + panel * panel_floats;
    multiply(pass, group, bias + 8, tiles, panel == panels.end - 1);
    for (int32_t at = 0; at < tiles; at++) {
      finish_tile(pass, first + at, at, bias, group * outputs + output, min_int(outputs - output, 8));
    }
  }
}

void winograd(const Winograd *op, Thread thread, void *scratch) {
  Pass pass = {.op = op, .shape = shape_of(op), .zeros = scratch};
  const Shape *shape = &pass.shape;
  pass.x = pass.zeros + shape->channels;
  pass.sums = pass.x + (int64_t)shape->values * shape->x_step;
  WorkRange tiles = {0, shape->tiles}, panels = {0, op->groups * ceil_div(op->out_channels / op->groups, 8)};
  if (shape->tiles < 2 * TILE_ROWS * thread.count) {
    panels = work_range(panels.end, thread); // few tiles: each thread transforms all of them
  } else {
    tiles = work_range(tiles.end, thread);
  }
  if (panels.first == panels.end || tiles.first == tiles.end) return;
  fill_values(pass.zeros, shape->channels, 0);
  const int32_t blocks = ceil_div(tiles.end - tiles.first, shape->block);
  for (int32_t i = 0; i < blocks; i++) {
    WorkRange part = work_range(tiles.end - tiles.first, (Thread){i, blocks});
    run_block(&pass, tiles.first + part.first, part.end - part.first, panels);
  }
}

INLINE f4 weight_value(f4 a, f4 b, f4 c, const float *line) {
  return a * splat(line[0]) + b * splat(line[1]) + c * splat(line[2]);
}

// Transforms the 3x3 weights of one input channel and four outputs, rows `step` floats apart, to size * size rows. Reads all
// weights before it writes the first row.
static void weight_tile(int32_t size, const float *g, float *u, int32_t step) {
  const float (*lines)[3] = size == 4 ? weight_lines4 : weight_lines6;
  f4 rows[6][3];
  for (int32_t j = 0; j < 3; j++) {
    const float *p = g + j * step;
    const f4 a = load(p), b = load(p + 3 * step), c = load(p + 6 * step);
    for (int32_t i = 0; i < size; i++) rows[i][j] = weight_value(a, b, c, lines[i]);
  }
  for (int32_t i = 0; i < size; i++) {
    for (int32_t j = 0; j < size; j++, u += step) store(u, weight_value(rows[i][0], rows[i][1], rows[i][2], lines[j]));
  }
}

void winograd_weights(int32_t tile, int32_t channels, int32_t panels, float *weights) {
  const int32_t values = (tile + 2) * (tile + 2), step = 8 * (channels + 1);
  for (int32_t panel = 0; panel < panels; panel++, weights += values * step) {
    weights += 8;
    // From the last channel down: the results of channel c overwrite the untransformed weights of channel c + 1.
    for (float *row = weights + 8 * channels; row > weights; row -= 8) {
      weight_tile(tile + 2, row - 8, row, step);
      weight_tile(tile + 2, row - 4, row + 4, step);
    }
    for (int32_t value = 0; value < 9; value++) fill_values(weights + value * step, 8, 0);
  }
}
