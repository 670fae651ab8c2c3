// Two networks as sequences of kernel calls with random weights, to measure the kernels alone.

#include <stddef.h>

#include "kernels.h"

typedef enum { STEP_CONV, STEP_BLOCK, STEP_SQUEEZE, STEP_PRODUCT, STEP_REDUCE, STEP_ROW } StepKind;

typedef struct {
  StepKind kind;
  union {
    Conv conv;
    Block block;
    SqueezeExcite squeeze;
    Product product;
    Reduce reduce;
    StoredProduct row;
  };
} Step;

enum { MAX_STEPS = 96 };

static struct {
  Step steps[MAX_STEPS];
  int32_t count;
  char *next; // free memory
  char *scratch;
  uint64_t scratch_bytes;
  uint32_t seed;
  int32_t height, width, channels; // of the last step's output
  float *y;
  Barrier barrier;
} net;

static void *reserve(uint64_t bytes) {
  char *start = net.next;
  net.next += (bytes + 63) / 64 * 64;
  return start;
}

static float *random_floats(uint64_t count, float size) {
  float *values = reserve(count * 4);
  for (uint64_t i = 0; i < count; i++) {
    net.seed = net.seed * 1664525u + 1013904223u;
    values[i] = ((float)(net.seed >> 8) / 8388608.0f - 1) * size;
  }
  return values;
}

static float *weights_of(int32_t inputs, int32_t outputs) {
  float size = 1;
  while (size * size * (float)inputs > 3) size /= 1.1f;
  return random_floats(panel_floats(inputs, outputs), size);
}

static Step *add(StepKind kind) {
  Step *step = &net.steps[net.count++];
  step->kind = kind;
  return step;
}

static void need(uint64_t scratch) {
  if (scratch > net.scratch_bytes) net.scratch_bytes = scratch;
}

static const Activation NOTHING = {ACTIVATION_NONE, 0, 0}, RELU = {ACTIVATION_CLIP, 0, __builtin_inff()},
                        RELU6 = {ACTIVATION_CLIP, 0, 6};
static const Activation SILU = {ACTIVATION_SILU, 0, 0}, SIGMOID = {ACTIVATION_SIGMOID, 0, 0};

static void give(float *y, int32_t height, int32_t width, int32_t channels) {
  net.y = y;
  net.height = height;
  net.width = width;
  net.channels = channels;
}

static void add_conv(int32_t outputs, int32_t stride, int32_t pad, bool first, bool max_pool, Activation activation) {
  int32_t out = (net.height + 1 - 1) / stride;
  int32_t stored = max_pool ? out / 2 : out;
  float *y = reserve((uint64_t)stored * stored * outputs * 4);
  Conv *op = &add(STEP_CONV)->conv;
  *op = (Conv){
      .x = net.y,
      .weights = weights_of(9 * net.channels, outputs),
      .y = y,
      .in_height = net.height,
      .in_width = net.width,
      .in_channels = net.channels,
      .x_row = first ? net.width : net.width * net.channels,
      .x_pixel = first ? 1 : net.channels,
      .x_channel = first ? net.height * net.width : 1,
      .out_height = out,
      .out_width = out,
      .out_channels = outputs,
      .y_pixel = outputs,
      .groups = 1,
      .kernel_height = 3,
      .kernel_width = 3,
      .stride_height = stride,
      .stride_width = stride,
      .dilation_height = 1,
      .dilation_width = 1,
      .pad_top = pad,
      .pad_left = pad,
      .max_pool = max_pool,
      .activation = activation,
  };
  need(conv_scratch(op));
  give(y, stored, stored, outputs);
}

static void add_block(int32_t expansion, int32_t outputs, int32_t kernel, int32_t stride, int32_t squeeze,
                      Activation activation) {
  int32_t inputs = net.channels, middle = inputs * expansion, out = (net.height + stride - 1) / stride;
  bool residual = stride == 1 && inputs == outputs;
  float *x = net.y, *y = reserve((uint64_t)out * out * outputs * 4);
  // EfficientNet's static padding for stride 2: smaller at the top.
  int32_t pad = stride == 2 && squeeze ? (kernel - 2) / 2 : kernel / 2;
  float *expand = expansion > 1 ? weights_of(inputs, middle) : 0;
  float *depthwise = random_floats(depthwise_weight_floats(middle, kernel, kernel), 0.4f);
  float *project = weights_of(middle, outputs);
  Block *op = &add(STEP_BLOCK)->block;
  *op = (Block){
      .x = x,
      .expand = expand,
      .depthwise = depthwise,
      .project = project,
      .residual = residual ? x : 0,
      .y = y,
      .in_height = net.height,
      .in_width = net.width,
      .in_channels = inputs,
      .mid_channels = middle,
      .out_height = out,
      .out_width = out,
      .out_channels = outputs,
      .kernel_height = kernel,
      .kernel_width = kernel,
      .stride_height = stride,
      .stride_width = stride,
      .pad_top = pad,
      .pad_left = pad,
      .expand_activation = activation,
      .depthwise_activation = activation,
      .project_activation = NOTHING,
  };
  if (squeeze) {
    float *full = reserve((uint64_t)out * out * middle * 4);
    float *sums = reserve((uint64_t)MAX_THREADS * middle * 4), *gate = reserve((uint64_t)middle * 4);
    op->project = 0;
    op->residual = 0;
    op->out_channels = middle;
    op->y = full;
    op->sums = sums;
    SqueezeExcite *excite = &add(STEP_SQUEEZE)->squeeze;
    *excite = (SqueezeExcite){
        sums, weights_of(middle, squeeze), weights_of(squeeze, middle), gate, middle, squeeze, out * out, SILU, SIGMOID};
    need(squeeze_excite_scratch(excite));
    Product *last = &add(STEP_PRODUCT)->product;
    *last = (Product){full, project, gate, residual ? x : 0, y, out * out, middle, outputs, middle, outputs, NOTHING};
    need(product_scratch(last));
  }
  need(block_scratch(op));
  give(y, out, out, outputs);
}

static void add_product(int32_t outputs, Activation activation) {
  int32_t rows = net.height * net.width;
  float *y = reserve((uint64_t)rows * outputs * 4);
  Product *op = &add(STEP_PRODUCT)->product;
  *op = (Product){net.y,     weights_of(net.channels, outputs), 0, 0, y, rows, net.channels, outputs, net.channels, outputs,
                  activation};
  need(product_scratch(op));
  give(y, net.height, net.width, outputs);
}

static void add_mean(void) {
  float *y = reserve((uint64_t)net.channels * 4);
  add(STEP_REDUCE)->reduce = (Reduce){net.y, y, REDUCE_MEAN, 1, net.height * net.width, net.channels};
  give(y, 1, 1, net.channels);
}

static void mobilenet(void) {
  static const int8_t stages[7][4] = {{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2},
                                      {6, 96, 3, 1}, {6, 0, 3, 2},  {6, 0, 1, 1}};
  add_conv(32, 2, 1, true, false, RELU6);
  for (int32_t stage = 0; stage < 7; stage++) {
    int32_t outputs = stage == 6 ? 320 : stage == 5 ? 160 : stages[stage][1];
    for (int32_t i = 0; i < stages[stage][2]; i++)
      add_block(stages[stage][0], outputs, 3, i ? 1 : stages[stage][3], 0, RELU6);
  }
  add_product(1280, RELU6);
  add_mean();
  add_product(4, NOTHING);
}

static void efficientnet(void) {
  static const int16_t stages[7][5] = {{1, 16, 1, 1, 3},  {6, 24, 2, 2, 3},  {6, 40, 2, 2, 5}, {6, 80, 3, 2, 3},
                                       {6, 112, 3, 1, 5}, {6, 192, 4, 2, 5}, {6, 320, 1, 1, 3}};
  add_conv(32, 2, 0, true, false, SILU);
  for (int32_t stage = 0; stage < 7; stage++) {
    for (int32_t i = 0; i < stages[stage][2]; i++) {
      add_block(stages[stage][0], stages[stage][1], stages[stage][4], i ? 1 : stages[stage][3], net.channels / 4, SILU);
    }
  }
  add_product(1280, SILU);
  add_mean();
  add_product(4, NOTHING);
}

static void landmark(int32_t format) {
  add_conv(32, 1, 1, true, true, RELU);
  add_conv(64, 1, 1, false, true, RELU);
  add_conv(128, 1, 1, false, true, RELU);
  int32_t inputs = net.height * net.width * net.channels;
  float *y = reserve(512 * 4);
  uint64_t bytes = matrix_bytes(format, inputs, 512);
  char *weights = reserve(bytes);
  for (uint64_t i = 0; i < bytes; i++) weights[i] = (char)((net.seed = net.seed * 1664525u + 1013904223u) >> 25);
  add(STEP_ROW)->row = (StoredProduct){
      net.y, weights, random_floats(512, 0.0001f), random_floats(512, 1), 0, y, 1, inputs, 512, format, RELU};
  give(y, 1, 1, 512);
  add_product(4, NOTHING);
}

// Lays out network `which` from address `heap` for `threads` threads; returns the first free address.
__attribute__((visibility("default"))) char *bench_prepare(char *heap, int32_t which, int32_t threads) {
  net.count = 0;
  net.scratch_bytes = 0;
  net.seed = 1;
  net.next = heap;
  give(random_floats(3 * 224 * 224, 1), 224, 224, 3);
  if (which == 0) mobilenet();
  if (which == 1) efficientnet();
  if (which >= 2) landmark(which - 2);
  net.scratch_bytes = (net.scratch_bytes + 63) / 64 * 64;
  net.scratch = reserve(net.scratch_bytes * threads);
  return net.next;
}

static void run_step(const Step *step, Thread thread, void *scratch) {
  switch (step->kind) {
    case STEP_CONV: conv(&step->conv, thread, scratch); break;
    case STEP_BLOCK: block(&step->block, thread, scratch); break;
    case STEP_SQUEEZE: squeeze_excite(&step->squeeze, thread, scratch); break;
    case STEP_PRODUCT: product(&step->product, thread, scratch); break;
    case STEP_REDUCE: reduce(&step->reduce, thread); break;
    case STEP_ROW: stored_product(&step->row, thread, scratch); break;
  }
}

__attribute__((visibility("default"))) int32_t bench_steps(void) { return net.count; }
__attribute__((visibility("default"))) float *bench_output(void) { return net.y; }

// Runs steps [first, end) as one of several threads.
__attribute__((visibility("default"))) void bench_run(int32_t first, int32_t end, int32_t thread, int32_t threads) {
  const Thread self = {thread, threads};
  barrier_wait(&net.barrier, threads, thread > 0);
  for (int32_t i = first; i < end; i++) {
    run_step(&net.steps[i], self, net.scratch + net.scratch_bytes * thread);
    barrier_wait(&net.barrier, threads, thread > 0);
  }
}
