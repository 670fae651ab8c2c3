// The inverted-residual block in one pass, and the depthwise convolution as a block without products.
//
// Input rows go into a ring buffer of rows with zero padding at both ends; one row of zeros stands for all rows outside.
// Thus the depthwise convolution has no edges. Its output rows are projected in strips with enough pixels for full tiles.

#include "activation.h"
#include "depthwise_row.h"
#include "moves.h"
#include "product.h"
#include "tiles.h"
#include "work_range.h"

enum { STRIP_PIXELS = 48 };

typedef struct {
  const Block *op;
  int32_t stride_height, dilation_height, dilation_width;
  int32_t row_pixels; // of a row in the ring, with padding
  int32_t row_floats;
  int32_t ring_rows;
  int32_t strip_rows; // output rows
  float *ring, *zeros, *strip;
  const float **rows;
  int32_t next; // next input row to go into the ring
} Pass;

static Pass plan_pass(const Block *op, int32_t dilation_height, int32_t dilation_width) {
  Pass pass = {.op = op, .stride_height = op->stride_height};
  pass.dilation_height = dilation_height;
  pass.dilation_width = dilation_width;
  int32_t needed = (op->out_width - 1) * op->stride_width + (op->kernel_width - 1) * dilation_width + 1;
  pass.row_pixels = max_int(needed, op->pad_left + op->in_width);
  pass.strip_rows = min_int(ceil_div(STRIP_PIXELS, op->out_width), op->out_height);
  if (!op->project) pass.strip_rows = 1;
  int32_t reach = (pass.strip_rows - 1) * op->stride_height + (op->kernel_height - 1) * dilation_height + 1;
  pass.ring_rows = min_int(reach, op->in_height);
  return pass;
}

static uint64_t pass_bytes(const Pass *pass) {
  const Block *op = pass->op;
  uint64_t floats = times(times((uint64_t)pass->row_pixels, (uint64_t)op->mid_channels), (uint64_t)pass->ring_rows + 1);
  uint64_t strip = times(times((uint64_t)pass->strip_rows, (uint64_t)op->out_width), (uint64_t)op->mid_channels);
  if (!op->project) strip = 0;
  if (floats == UINT64_MAX || strip == UINT64_MAX) return UINT64_MAX;
  return 4 * (floats + strip) + sizeof(float *) * ((uint64_t)op->kernel_height + 1);
}

static void lay_out(Pass *pass, void *scratch) {
  const Block *op = pass->op;
  uintptr_t aligned = ((uintptr_t)scratch + sizeof(float *) - 1) / sizeof(float *) * sizeof(float *);
  pass->rows = (const float **)aligned;
  pass->row_floats = pass->row_pixels * op->mid_channels;
  pass->ring = (float *)(pass->rows + op->kernel_height);
  pass->zeros = pass->ring + (int64_t)pass->ring_rows * pass->row_floats;
  pass->strip = pass->zeros + pass->row_floats;
  fill_values(pass->zeros, pass->row_floats, 0);
  int32_t left = op->pad_left * op->mid_channels, end = left + op->in_width * op->mid_channels;
  for (int32_t row = 0; row < pass->ring_rows; row++) {
    float *y = pass->ring + (int64_t)row * pass->row_floats;
    fill_values(y, left, 0);
    fill_values(y + end, pass->row_floats - end, 0);
  }
}

static float *ring_row(const Pass *pass, int32_t row) {
  return pass->ring + (int64_t)(row % pass->ring_rows) * pass->row_floats;
}

static Product expansion(const Block *op, const float *x, int32_t rows, float *y) {
  return (Product){
      .x = x,
      .weights = op->expand,
      .y = y,
      .rows = rows,
      .inputs = op->in_channels,
      .outputs = op->mid_channels,
      .x_stride = op->in_channels,
      .y_stride = op->mid_channels,
      .activation = op->expand_activation,
  };
}

// Narrow rows are processed several at a time, so that tiles continue in the next row: 7 pixels alone would give tiles of
// four and three rows, which are slower than tiles of six.
static void expand_rows(const Pass *pass, const float *x, float *y, int32_t rows) {
  const Block *op = pass->op;
  Product several = expansion(op, x, rows * op->in_width, y);
  product_in_lines(&several, (Lines){op->in_width, pass->row_floats - op->in_width * op->mid_channels});
  for (int32_t row = 0; row < rows; row++, y += pass->row_floats) {
    activate_rows(y, op->in_width, op->mid_channels, &op->expand_activation, 0);
  }
}

// Puts the input rows up to `end` into the ring.
static void fill_ring(Pass *pass, int32_t end) {
  const Block *op = pass->op;
  const bool narrow = op->in_width >= TILE_ROWS && op->in_width < STRIP_PIXELS;
  while (pass->next < end) {
    int32_t rows = 1;
    const float *x = op->x + (int64_t)pass->next * op->in_width * op->in_channels;
    float *y = ring_row(pass, pass->next) + op->pad_left * op->mid_channels;
    if (!op->expand) {
      copy_values(x, y, op->in_width * op->mid_channels);
    } else if (narrow) {
      rows = min_int(end - pass->next, pass->ring_rows - pass->next % pass->ring_rows);
      rows = min_int(rows, ceil_div(STRIP_PIXELS, op->in_width));
      expand_rows(pass, x, y, rows);
    } else {
      Product one = expansion(op, x, op->in_width, y);
      product_part(&one, 0, ceil_div(op->mid_channels, 8), 0);
    }
    pass->next += rows;
  }
}

static void depthwise_rows(Pass *pass, int32_t row, float *y, float *sums) {
  const Block *op = pass->op;
  for (int32_t i = 0; i < op->kernel_height; i++) {
    int32_t from = row * pass->stride_height - op->pad_top + i * pass->dilation_height;
    pass->rows[i] = from < 0 || from >= op->in_height ? pass->zeros : ring_row(pass, from);
  }
  DepthwiseRow work = {
      .rows = pass->rows,
      .weights = op->depthwise,
      .y = y,
      .channels = op->mid_channels,
      .width = op->out_width,
      .kernel_height = op->kernel_height,
      .kernel_width = op->kernel_width,
      .stride = op->stride_width,
      .dilation = pass->dilation_width,
      .clip = op->depthwise_activation.kind == ACTIVATION_CLIP,
      .low = op->depthwise_activation.a,
      .high = op->depthwise_activation.b,
  };
  depthwise_row(&work);
  activate_rows(y, op->out_width, op->mid_channels, &op->depthwise_activation, sums);
}

static void project_strip(const Pass *pass, int32_t row, int32_t rows) {
  const Block *op = pass->op;
  int64_t offset = (int64_t)row * op->out_width * op->out_channels;
  Product project = {
      .x = pass->strip,
      .weights = op->project,
      .residual = op->residual ? op->residual + offset : 0,
      .y = op->y + offset,
      .rows = rows * op->out_width,
      .inputs = op->mid_channels,
      .outputs = op->out_channels,
      .x_stride = op->mid_channels,
      .y_stride = op->out_channels,
      .activation = op->project_activation,
  };
  product_part(&project, 0, ceil_div(op->out_channels, 8), 0);
}

static void run_pass(Pass *pass, Thread thread, void *scratch) {
  const Block *op = pass->op;
  float *sums = op->sums ? op->sums + (int64_t)thread.index * op->mid_channels : 0;
  if (sums) fill_values(sums, op->mid_channels, 0);
  WorkRange range = work_range(op->out_height, thread);
  if (range.first == range.end) return;
  lay_out(pass, scratch);
  pass->next = max_int(range.first * pass->stride_height - op->pad_top, 0);
  for (int32_t row = range.first; row < range.end; row += pass->strip_rows) {
    int32_t rows = min_int(pass->strip_rows, range.end - row);
    int32_t reach = (rows - 1) * pass->stride_height + (op->kernel_height - 1) * pass->dilation_height + 1;
    int32_t from = row * pass->stride_height - op->pad_top;
    pass->next = max_int(pass->next, from); // a stride longer than the kernel skips rows
    fill_ring(pass, min_int(from + reach, op->in_height));
    for (int32_t i = 0; i < rows; i++) {
      int64_t line = (int64_t)op->out_width * op->mid_channels;
      float *y = op->project ? pass->strip + i * line : op->y + (row + i) * line;
      depthwise_rows(pass, row + i, y, sums);
    }
    if (op->project) project_strip(pass, row, rows);
  }
}

uint64_t block_scratch(const Block *op) {
  Pass pass = plan_pass(op, 1, 1);
  return pass_bytes(&pass);
}

void block(const Block *op, Thread thread, void *scratch) {
  Pass pass = plan_pass(op, 1, 1);
  run_pass(&pass, thread, scratch);
}

static Block as_block(const Depthwise *op) {
  return (Block){
      .x = op->x,
      .depthwise = op->weights,
      .y = op->y,
      .sums = op->sums,
      .in_height = op->in_height,
      .in_width = op->in_width,
      .in_channels = op->channels,
      .mid_channels = op->channels,
      .out_height = op->out_height,
      .out_width = op->out_width,
      .out_channels = op->channels,
      .kernel_height = op->kernel_height,
      .kernel_width = op->kernel_width,
      .stride_height = op->stride_height,
      .stride_width = op->stride_width,
      .pad_top = op->pad_top,
      .pad_left = op->pad_left,
      .depthwise_activation = op->activation,
  };
}

uint64_t depthwise_scratch(const Depthwise *op) {
  Block whole = as_block(op);
  Pass pass = plan_pass(&whole, op->dilation_height, op->dilation_width);
  return pass_bytes(&pass);
}

void depthwise(const Depthwise *op, Thread thread, void *scratch) {
  Block whole = as_block(op);
  Pass pass = plan_pass(&whole, op->dilation_height, op->dilation_width);
  run_pass(&pass, thread, scratch);
}
