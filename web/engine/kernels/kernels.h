// The kernels that plans are made of. Every one computes one thread's part of an operator for one sample.
//
// Activations are float32, channels last and dense: [height][width][channels]. Pointers need no alignment (64 bytes
// is fastest). No kernel reads or writes outside the extents that its fields give, whatever the numbers in them
// are, provided that the caller has checked the fields: sizes, strides, kernels and dilations at least 1, pads at least 0
// and smaller than the (dilated) kernel, every window beginning within the padded input, padded extents below 2^24, every
// buffer as large as its comment says and below 2^29 floats. NaN and infinities go through as in onnxruntime.
//
// Every thread calls the same kernel with the same fields and its own `Thread`; it reads nothing that another thread
// writes during the call, and whoever reads `y` waits at the barrier first. Threads without work return at once.
// `scratch` is memory of the calling thread alone, of as many bytes as the function `<kernel>_scratch` says (UINT64_MAX: far
// too many); it may be asked of fields whose sizes have been checked but whose pointers are not yet set, NULL or not.
//
// `y` must not overlap an input, except where a comment allows `y == x`.
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  int32_t index; // 0: the thread that calls the engine
  int32_t count; // threads of the run, at most MAX_THREADS
} Thread;

enum { MAX_THREADS = 64 };

// ---- activations ----------------------------------------------------------------------------------------------

typedef enum {
  ACTIVATION_NONE,
  ACTIVATION_CLIP, // a: smallest, b: largest; either may be infinite. Relu is [0, inf], Relu6 [0, 6]. NaN stays
  ACTIVATION_SIGMOID,
  ACTIVATION_SILU,         // x * sigmoid(x)
  ACTIVATION_HARD_SIGMOID, // clip(a * x + b, 0, 1)
  ACTIVATION_HARD_SWISH,   // x * clip(a * x + b, 0, 1); a = 1/6, b = 1/2 in ONNX
  ACTIVATION_LEAKY_RELU,   // x < 0 ? a * x : x
  ACTIVATION_TANH,
  ACTIVATIONS // how many there are
} ActivationKind;

typedef struct {
  int32_t kind; // ActivationKind
  float a, b;
} Activation;

// y[i] = activation(x[i]); y == x is allowed.
typedef struct {
  const float *x;
  float *y;
  int32_t count;
  Activation activation;
} Activate;

void activate(const Activate *, Thread);

// ---- products -------------------------------------------------------------------------------------------------

// y[row][j] = activation(sum over i of x[row][i] * gate[i] * w[i][j] + bias[j] + residual[row][j])
//
// A 1x1 convolution, or Gemm and MatMul of any number of rows. Weights in panels of eight outputs:
//   [ceil(outputs / 8)][8 biases, then [inputs][8]], outputs that do not exist are zero.
// So the weight w[i][j] is at ((j / 8) * (inputs + 1) + 1 + i) * 8 + j % 8, and the bias at (j / 8) * (inputs + 1) * 8 + j
// % 8.
typedef struct {
  const float *x;        // [rows][inputs], rows x_stride apart
  const float *weights;  // panel_floats(inputs, outputs) floats
  const float *gate;     // [inputs], of squeeze-and-excite, or NULL
  const float *residual; // [rows][outputs], rows y_stride apart, or NULL; may be y
  float *y;              // [rows][outputs], rows y_stride apart
  int32_t rows, inputs, outputs;
  int32_t x_stride, y_stride; // floats, at least inputs and outputs
  Activation activation;
} Product;

static inline uint64_t panel_floats(int32_t inputs, int32_t outputs) {
  return ((uint64_t)outputs + 7) / 8 * 8 * ((uint64_t)inputs + 1);
}

uint64_t product_scratch(const Product *);
void product(const Product *, Thread, void *scratch);

// Makes panels, with zeros for biases, of a matrix computed by the network: y of panel_floats(inputs, outputs) floats.
typedef struct {
  const float *x; // w[i][j] = x[i * input_stride + j * output_stride]
  float *y;
  int32_t inputs, outputs;
  int32_t input_stride, output_stride;
} PackPanels;

void pack_panels(const PackPanels *, Thread);

typedef enum {
  MATRIX_INT8,    // [ceil(outputs / 8)][inputs][8] int8; scale[outputs], times the sum
  MATRIX_INT4,    // [ceil(outputs / 8)][ceil(inputs / 32)][8 float scales, then [32][4 bytes]]: a nibble is (integer - 8),
                  // byte b of a row holds outputs 2b (low) and 2b + 1 (high); `scale` is not used. inputs % 32 == 0
  MATRIX_FLOAT16, // [ceil(outputs / 8)][inputs][8] halves; `scale` is not used
  MATRIX_FORMATS
} MatrixFormat;

// One row times a large matrix in reduced precision: y[j] = activation(sum over i of x[i] * w[i][j] + bias[j]).
// (For a matrix in float32 there is `product`.)
typedef struct {
  const float *x;      // [inputs]
  const void *weights; // matrix_bytes(format, inputs, outputs) bytes, aligned to 4
  const float *scale;  // [outputs rounded up to a multiple of 8]
  const float *bias;   // [outputs rounded up to a multiple of 8], never NULL
  float *y;            // [outputs]
  int32_t inputs, outputs;
  int32_t format; // MatrixFormat
  Activation activation;
} RowProduct;

static inline uint64_t matrix_bytes(int32_t format, int32_t inputs, int32_t outputs) {
  uint64_t panels = ((uint64_t)outputs + 7) / 8;
  if (format == MATRIX_INT4) return panels * ((uint64_t)inputs / 32) * (32 + 128);
  return panels * (uint64_t)inputs * (format == MATRIX_INT8 ? 8 : 16);
}

void row_product(const RowProduct *, Thread);

// ---- convolutions ---------------------------------------------------------------------------------------------

// Any kernel, stride, dilation, padding with zeros, number of groups and of channels. Padding below and to the right
// is what out_height and out_width imply.
//
// Weights: for each group, panels as in Product with inputs = kernel_height * kernel_width * in_channels / groups in
// this order (of the last the fastest), and outputs = out_channels / groups.
// Both numbers of channels are multiples of `groups`. With max_pool (only where it says so in `y`) a 2x2 maximum of stride 2
// follows the activation, without anything stored in between.
typedef struct {
  const float *x; // value of row h, column w, channel c at h * x_row + w * x_pixel + c * x_channel: so the
                  // network's input can be read as it comes, channels first (x_pixel = 1, x_channel = height * width)
  const float *weights;
  const float *residual; // as y, or NULL; added before the activation; not with max_pool
  float *y; // [out_height][out_width][out_channels], with max_pool [out_height / 2][out_width / 2][out_channels]
  int32_t in_height, in_width, in_channels;
  int32_t x_row, x_pixel, x_channel;           // floats
  int32_t out_height, out_width, out_channels; // of the convolution itself
  int32_t groups;
  int32_t kernel_height, kernel_width;
  int32_t stride_height, stride_width;
  int32_t dilation_height, dilation_width;
  int32_t pad_top, pad_left;
  int32_t max_pool; // 0 or 1
  Activation activation;
} Conv;

uint64_t conv_scratch(const Conv *);
void conv(const Conv *, Thread, void *scratch);

// A convolution with one input channel for each output channel (groups == in_channels == out_channels).
//
// Weights in panels of four channels: [ceil(channels / 4)][4 biases, then [kernel_height * kernel_width][4]],
// channels that do not exist are zero.
typedef struct {
  const float *x; // [in_height][in_width][channels]
  const float *weights;
  float *y;    // [out_height][out_width][channels]
  float *sums; // [threads][channels], or NULL: each thread writes the sums over its own pixels after the
               // activation, in the row of its number (zeros where it has none), for SqueezeExcite or MeanOfSums
  int32_t channels;
  int32_t in_height, in_width;
  int32_t out_height, out_width;
  int32_t kernel_height, kernel_width;
  int32_t stride_height, stride_width;
  int32_t dilation_height, dilation_width;
  int32_t pad_top, pad_left;
  Activation activation;
} Depthwise;

static inline uint64_t depthwise_weight_floats(int32_t channels, int32_t kernel_height, int32_t kernel_width) {
  return ((uint64_t)channels + 3) / 4 * 4 * ((uint64_t)kernel_height * (uint64_t)kernel_width + 1);
}

uint64_t depthwise_scratch(const Depthwise *);
void depthwise(const Depthwise *, Thread, void *scratch);

// An inverted-residual block in one pass: expand (1x1) -> depthwise -> project (1x1), each with its activation, of which
// the first or the last may be absent. Nothing but the result is stored.
//
// Without `expand` the depthwise reads x, and mid_channels == in_channels. Without `project` y is what the depthwise
// gives, [out_height][out_width][mid_channels], out_channels == mid_channels, and `sums` may be gathered.
typedef struct {
  const float *x;         // [in_height][in_width][in_channels]
  const float *expand;    // panels of Product, in_channels -> mid_channels, or NULL
  const float *depthwise; // as Depthwise, mid_channels
  const float *project;   // panels of Product, mid_channels -> out_channels, or NULL
  const float *residual;  // as y, or NULL; usually x; only with `project`
  float *y;               // [out_height][out_width][out_channels]
  float *sums;            // as in Depthwise, or NULL; only without `project`
  int32_t in_height, in_width, in_channels;
  int32_t mid_channels;
  int32_t out_height, out_width, out_channels;
  int32_t kernel_height, kernel_width;
  int32_t stride_height, stride_width;
  int32_t pad_top, pad_left; // the dilation is 1
  Activation expand_activation, depthwise_activation, project_activation;
} Block;

uint64_t block_scratch(const Block *);
void block(const Block *, Thread, void *scratch);

// gate = second_activation(w2 * first_activation(w1 * mean + bias1) + bias2), with mean = sum of the rows of `sums` /
// pixels.
typedef struct {
  const float *sums;   // [threads][channels], of the same number of threads
  const float *first;  // panels of Product, channels -> hidden
  const float *second; // panels of Product, hidden -> channels
  float *gate;         // [channels]
  int32_t channels, hidden;
  int32_t pixels;
  Activation first_activation, second_activation;
} SqueezeExcite;

uint64_t squeeze_excite_scratch(const SqueezeExcite *);
void squeeze_excite(const SqueezeExcite *, Thread, void *scratch);

// y[channel] = sum of the rows of `sums` / pixels: a global average pool after a depthwise that gathered sums.
typedef struct {
  const float *sums;
  float *y;
  int32_t channels, pixels;
} MeanOfSums;

void mean_of_sums(const MeanOfSums *, Thread);

// ---- pooling, reductions --------------------------------------------------------------------------------------

typedef enum {
  POOL_MAX,     // of the values there are; NaN where one is NaN (torch's rule; onnxruntime's result then depends
                // on the place within the window)
  POOL_AVERAGE, // divided by the number of values there are
  POOL_AVERAGE_WITH_PADDING, // divided by the number of places within the padded input
  POOLS
} PoolKind;

// Every window must have a value within the input.
typedef struct {
  const float *x; // [in_height][in_width][channels]
  float *y;       // [out_height][out_width][channels]
  int32_t kind;   // PoolKind
  int32_t channels;
  int32_t in_height, in_width;
  int32_t out_height, out_width;
  int32_t kernel_height, kernel_width;
  int32_t stride_height, stride_width;
  int32_t dilation_height, dilation_width;
  int32_t pad_top, pad_left, pad_bottom, pad_right; // the last two only matter for POOL_AVERAGE_WITH_PADDING
} Pool;

void pool(const Pool *, Thread);

typedef enum { REDUCE_SUM, REDUCE_MEAN, REDUCE_MAX, REDUCTIONS } ReduceKind;

// y[o][i] = the reduction of x[o][m][i] over m: a global average pool has outer 1, middle height * width, inner channels.
typedef struct {
  const float *x; // [outer][middle][inner]
  float *y;       // [outer][inner]
  int32_t kind;   // ReduceKind
  int32_t outer, middle, inner;
} Reduce;

void reduce(const Reduce *, Thread);

// y[o][m][i] = exp(x[o][m][i]) / sum over m; y == x is allowed.
typedef struct {
  const float *x;
  float *y;
  int32_t outer, middle, inner;
} Softmax;

void softmax(const Softmax *, Thread);

// ---- elementwise, layout --------------------------------------------------------------------------------------

enum { MAX_RANK = 6 };

typedef enum { BINARY_ADD, BINARY_SUB, BINARY_MUL, BINARY_DIV, BINARY_MIN, BINARY_MAX, BINARIES } BinaryKind;

// y = activation(a op b), y dense in `shape`; axes that an operand repeats have stride 0 there. Quick where the last axis
// has strides 0 or 1: so merge axes where possible, dense operands of one shape into rank 1. y may be a or b where that
// one's strides are those of y.
typedef struct {
  const float *a, *b;
  float *y;
  int32_t kind; // BinaryKind
  int32_t rank; // 1 to MAX_RANK
  int32_t shape[MAX_RANK];
  int32_t a_strides[MAX_RANK], b_strides[MAX_RANK]; // floats
  Activation activation;
} Binary;

void binary(const Binary *, Thread);

// y[sum of index * y_strides] = x[sum of index * x_strides] for all indices in `shape`: transpose, concat, slice, the middle
// of a pad, repeat. Threads share the first axis that is longer than 1, so no two indices may write the same place.
typedef struct {
  const float *x;
  float *y;
  int32_t rank; // 1 to MAX_RANK
  int32_t shape[MAX_RANK];
  int32_t x_strides[MAX_RANK], y_strides[MAX_RANK]; // floats; those of x may be negative (x is then not the lowest address)
} Copy;

void copy(const Copy *, Thread);

typedef struct {
  float *y;
  int32_t count;
  float value;
} Fill;

void fill(const Fill *, Thread);

// ---- threads --------------------------------------------------------------------------------------------------

// Where the threads wait for one another. All zero at first.
typedef struct {
  int32_t arrived;
  int32_t round;
} Barrier;

// Returns when all `threads` have called it. Spins for a while; then sleeps, if `may_sleep` (a page's own thread may not).
void barrier_wait(Barrier *, int32_t threads, bool may_sleep);
