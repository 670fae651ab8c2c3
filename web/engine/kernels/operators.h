// Generated from ops.toml by `python -m web.engine.generate_ops`: edit that table, not this file.
//
// Arguments and functions of the kernels; kernels.h has the rules.
#pragma once

#include "work_range.h"

enum {
  MAX_THREADS = 64,
  MAX_RANK = 6, // axes of Binary and Copy
};

// Functions of one number; a and b are the parameters of Activation.
typedef enum {
  ACTIVATION_NONE,
  ACTIVATION_CLIP, // max(a, min(x, b)), a or b may be infinite; NaN stays. Relu is [0, inf], Relu6 [0, 6]
  ACTIVATION_SIGMOID,
  ACTIVATION_SILU,         // x * sigmoid(x)
  ACTIVATION_HARD_SIGMOID, // clip(a * x + b, 0, 1)
  ACTIVATION_HARD_SWISH,   // x * clip(a * x + b, 0, 1); a = 1/6, b = 1/2 in ONNX
  ACTIVATION_LEAKY_RELU,   // x < 0 ? a * x : x
  ACTIVATION_TANH,
  ACTIVATION_EXP,
  ACTIVATION_LOG,
  ACTIVATION_SQRT,
  ACTIVATION_ABS,
  ACTIVATION_ERF,
  ACTIVATION_GELU,      // x / 2 * (1 + erf(x / sqrt(2)))
  ACTIVATION_GELU_TANH, // x * sigmoid(sqrt(8 / pi) * (x + 0.044715 * x^3)), the approximation of GELU by tanh
  ACTIVATION_ELU,       // x < 0 ? a * (exp(x) - 1) : b * x; b = 1 but for Selu
  ACTIVATION_SOFTPLUS,  // log(1 + exp(x))
  ACTIVATION_MISH,      // x * tanh(log(1 + exp(x)))
  ACTIVATIONS,          // number of the others
} ActivationKind;

// Layouts of a reduced-precision matrix, each in panels of 8 outputs: [ceil(outputs / 8)] times what is given here.
typedef enum {
  MATRIX_INT8, // [inputs][8] int8; the sum is multiplied by scale[output]
  MATRIX_INT4, // [ceil(inputs / 32)][8 float scales, then [32][4 bytes]]: a nibble is the integer + 8, byte b of a row holds
               // outputs 2b (low) and 2b + 1 (high); `scale` is unused; inputs % 32 == 0
  MATRIX_FLOAT16,       // [inputs][8] float16; `scale` is unused
  MATRIX_INT8_BY_INPUT, // [inputs][8] int8, multiplied by scale[input]
  MATRIX_SHIFTED16, // the same of numbers below 128, without denormals, infinities and NaN: sign, 5 bits of the exponent +
                    // 25, 10 of the fraction; 0 has exponent 0
  MATRIX_FORMATS,   // number of the others
} MatrixFormat;

// Reductions of a window, over its values inside the input.
typedef enum {
  POOL_MAX,     // NaN where one is NaN, as in torch; onnxruntime's result then depends on the position in the window
  POOL_AVERAGE, // divided by the number of values inside the input
  POOL_AVERAGE_WITH_PADDING, // divided by the number of positions inside the padded input
  POOLS,                     // number of the others
} PoolKind;

typedef enum {
  REDUCE_SUM,
  REDUCE_MEAN,
  REDUCE_MAX,
  REDUCE_INDEX_OF_MAX, // of the first of the largest values, as a float; NaN is larger than any, as in torch
  REDUCTIONS,          // number of the others
} ReduceKind;

typedef enum {
  BINARY_ADD,
  BINARY_SUB,
  BINARY_MUL,
  BINARY_DIV,
  BINARY_MIN,
  BINARY_MAX,
  BINARIES, // number of the others
} BinaryKind;

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

// y[row][j] = activation(sum over i of x[row][i] * gate[i] * w[i][j] + bias[j] + residual[row][j])
//
// A 1x1 convolution, or Gemm and MatMul of any number of rows. Weights in panels of 8 outputs:
//   [ceil(outputs / 8)][8 biases, then [inputs][8]], outputs beyond the last are zero.
// Weight w[i][j] is at ((j / 8) * (inputs + 1) + 1 + i) * 8 + j % 8, bias[j] at (j / 8) * (inputs + 1) * 8 + j % 8.
typedef struct {
  const float *x;        // [rows][inputs], rows x_stride apart
  const float *weights;  // panel_floats(inputs, outputs) floats
  const float *gate;     // [inputs], of squeeze-and-excite, or NULL
  const float *residual; // [rows][outputs], rows y_stride apart, or NULL; may be y
  float *y;              // [rows][outputs], rows y_stride apart
  int32_t rows, inputs, outputs;
  int32_t x_stride; // floats, at least inputs
  int32_t y_stride; // floats, at least outputs; with a residual as many
  Activation activation;
} Product;

uint64_t product_scratch(const Product *);
void product(const Product *, Thread, void *scratch);

// y[row][j] = activation(sum over i of x[row][i] * w[i][j] + bias[j] + residual[row][j])
//
// A product with a large matrix in reduced precision; a float32 matrix is run by `product`. One row is bound by memory
// bandwidth: weights are converted as they are read. With more rows some panels at a time are converted to those of Product.
typedef struct {
  const float *x;        // [rows][inputs]
  const void *weights;   // PACKED_MATRIX: matrix_bytes(format, inputs, outputs) bytes, aligned to 4
  const float *scale;    // [outputs rounded up to a multiple of 8], of INT8_BY_INPUT [inputs]
  const float *bias;     // [outputs rounded up to a multiple of 8], never NULL
  const float *residual; // [rows][outputs], or NULL; may be y
  float *y;              // [rows][outputs]
  int32_t rows, inputs, outputs;
  int32_t format; // MatrixFormat
  Activation activation;
} StoredProduct;

uint64_t stored_product_scratch(const StoredProduct *);
void stored_product(const StoredProduct *, Thread, void *scratch);

// A convolution of any kernel, stride, dilation, zero padding, number of groups and of channels.
//
// Padding at the bottom and right follows from out_height and out_width. Both numbers of channels are multiples of `groups`.
// Weights: for each group, panels as in Product with inputs = [kernel_height][kernel_width][in_channels / groups] and
// outputs = out_channels / groups. With max_pool a 2x2 maximum of stride 2 follows the activation; the convolution's own
// output is not stored.
typedef struct {
  const float *x; // row h, column w, channel c at h * x_row + w * x_pixel + c * x_channel: reads the network's input
                  // channels first too (x_pixel = 1, x_channel = height * width)
  const float *weights;
  const float *residual; // as y, or NULL; added before the activation; not with max_pool
  float *y; // [out_height][out_width][out_channels], with max_pool [out_height / 2][out_width / 2][out_channels], pixels
            // y_pixel apart
  int32_t in_height, in_width, in_channels;
  int32_t x_row, x_pixel, x_channel;           // floats
  int32_t out_height, out_width, out_channels; // of the convolution itself
  int32_t y_pixel;                             // floats, at least out_channels; with a residual as many
  int32_t groups;
  int32_t kernel_height, kernel_width;
  int32_t stride_height, stride_width;
  int32_t dilation_height, dilation_width;
  int32_t pad_top, pad_left;
  int32_t max_pool;
  Activation activation;
} Conv;

uint64_t conv_scratch(const Conv *);
void conv(const Conv *, Thread, void *scratch);

// A convolution of each channel alone: groups == in_channels == out_channels.
//
// Weights in panels of 4 channels: [ceil(channels / 4)][4 biases, then [kernel_height * kernel_width][4]], channels beyond
// the last are zero.
typedef struct {
  const float *x; // [in_height][in_width][channels]
  const float *weights;
  float *y;    // [out_height][out_width][channels]
  float *sums; // [threads][channels], or NULL: row `thread.index` gets the sums over the thread's pixels after the
               // activation (zeros if it has none), for SqueezeExcite or MeanOfSums
  int32_t channels;
  int32_t in_height, in_width;
  int32_t out_height, out_width;
  int32_t kernel_height, kernel_width;
  int32_t stride_height, stride_width;
  int32_t dilation_height, dilation_width;
  int32_t pad_top, pad_left;
  Activation activation;
} Depthwise;

uint64_t depthwise_scratch(const Depthwise *);
void depthwise(const Depthwise *, Thread, void *scratch);

// An inverted residual in one pass: expand (1x1), depthwise, project (1x1), each with its activation.
//
// `expand` or `project` may be absent. Only the result is stored. Without `expand` the depthwise reads x, and
// mid_channels == in_channels. Without `project` y is the depthwise's output, [out_height][out_width][mid_channels],
// out_channels == mid_channels, and `sums` may be present. The dilation is 1.
typedef struct {
  const float *x;         // [in_height][in_width][in_channels]
  const float *expand;    // panels of Product, in_channels -> mid_channels, or NULL
  const float *depthwise; // as in Depthwise, mid_channels
  const float *project;   // panels of Product, mid_channels -> out_channels, or NULL
  const float *residual;  // as y, or NULL; usually x; only with `project`
  float *y;               // [out_height][out_width][out_channels]
  float *sums;            // as in Depthwise, or NULL; only without `project`
  int32_t in_height, in_width, in_channels;
  int32_t mid_channels;
  int32_t out_height, out_width, out_channels;
  int32_t kernel_height, kernel_width;
  int32_t stride_height, stride_width;
  int32_t pad_top, pad_left;
  Activation expand_activation, depthwise_activation, project_activation;
} Block;

uint64_t block_scratch(const Block *);
void block(const Block *, Thread, void *scratch);

// gate = second_activation(w2 * first_activation(w1 * mean + bias1) + bias2)
//
// The mean is the sum of the rows of `sums`, divided by `pixels`.
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

// y[channel] = sum of the rows of `sums` / pixels: a global average pool after a depthwise with sums.
typedef struct {
  const float *sums;
  float *y;
  int32_t channels, pixels;
} MeanOfSums;

void mean_of_sums(const MeanOfSums *, Thread);

// A pool; every window has a value inside the input.
typedef struct {
  const float *x; // [in_height][in_width][channels]
  float *y;       // [out_height][out_width][channels], pixels y_pixel apart
  int32_t kind;   // PoolKind
  int32_t channels;
  int32_t in_height, in_width;
  int32_t out_height, out_width;
  int32_t y_pixel; // floats, at least channels
  int32_t kernel_height, kernel_width;
  int32_t stride_height, stride_width;
  int32_t dilation_height, dilation_width;
  int32_t pad_top, pad_left, pad_bottom, pad_right; // the last two only matter for POOL_AVERAGE_WITH_PADDING
} Pool;

uint64_t pool_scratch(const Pool *);
void pool(const Pool *, Thread, void *scratch);

// y[o][i] = the reduction of x[o][m][i] over m.
//
// A global average pool has outer 1, middle height * width, inner channels.
typedef struct {
  const float *x; // [outer][middle][inner]
  float *y;       // [outer][inner]
  int32_t kind;   // ReduceKind
  int32_t outer, middle, inner;
} Reduce;

void reduce(const Reduce *, Thread);

// y[o][m][i] = exp(x[o][m][i]) / sum over m, or its logarithm; y == x is allowed.
typedef struct {
  const float *x;
  float *y;
  int32_t outer, middle, inner;
  int32_t logarithm;
} Softmax;

void softmax(const Softmax *, Thread);

// y[o][m][i] = (x[o][m][i] - mean over m) / sqrt(variance over m + epsilon); y == x is allowed.
//
// LayerNormalization, InstanceNormalization and GroupNormalization. The variance is that of all values (divided by middle).
// With an inner axis of 1, scale[m] and shift[m] may follow.
typedef struct {
  const float *x;
  const float *scale, *shift; // [middle], both or none; only with inner == 1
  float *y;
  int32_t outer, middle, inner;
  float epsilon;
} Normalize;

void normalize(const Normalize *, Thread);

// y = activation(a op b), y dense in `shape`; axes that an operand repeats have stride 0 there.
//
// Fast where the last axis has strides 0 or 1: merge axes where possible, dense operands of one shape into rank 1. y may be
// a or b where that operand's strides are those of y.
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

// y[sum of index * y_strides] = x[sum of index * x_strides] for all indices in `shape`.
//
// Transpose, concat, slice, the middle of a pad, repeat. Threads share the first axis that is longer than 1, so no two
// indices may write the same place.
typedef struct {
  const float *x;
  float *y;
  int32_t rank; // 1 to MAX_RANK
  int32_t shape[MAX_RANK];
  int32_t x_strides[MAX_RANK]; // floats; may be negative: x is then not the lowest address
  int32_t y_strides[MAX_RANK]; // floats
} Copy;

void copy(const Copy *, Thread);

// y[i] = value
typedef struct {
  float *y;
  int32_t count;
  float value;
} Fill;

void fill(const Fill *, Thread);

// Several products of computed matrices: y[n][row][j] = sum over i of x[n][row][i] * w[n][i][j]
//
// As in attention, with a head or window for each n. Threads share the products, so few of them leave threads idle.
typedef struct {
  const float *x; // [rows][inputs] at n * x_step
  const float *w; // w[n][i][j] at n * w_step + i * input_stride + j * output_stride
  float *y;       // [count][rows][outputs]
  int32_t count, rows, inputs, outputs;
  int32_t x_step, w_step;              // floats, 0 where all products read the same
  int32_t input_stride, output_stride; // floats
} Products;

uint64_t products_scratch(const Products *);
void products(const Products *, Thread, void *scratch);

// y[row] = sum over keys of v[key] * softmax over keys of (scale * (q[row] . k[key]) + bias[row][key] + mask[row][key])
//
// Scaled dot-product attention for each index n of an outer axis (windows) and each head h. The scores of a tile of rows and
// a block of keys are in memory, never all of them. Threads share the tiles of rows of all heads. The last axis of each
// tensor has stride 1; a stride of 0 repeats what it reads.
typedef struct {
  const float *q;           // [rows][depth]
  const float *k;           // [keys][depth]
  const float *v;           // [keys][width]
  const float *bias, *mask; // [rows][keys], or NULL
  float *y;                 // [rows][width]
  int32_t outer, heads, rows, keys, depth, width;
  int32_t q_outer, q_head, q_row; // floats from one n, one h and one row to the next
  int32_t k_outer, k_head, k_row;
  int32_t v_outer, v_head, v_row;
  int32_t bias_outer, bias_head, bias_row;
  int32_t mask_outer, mask_head, mask_row;
  int32_t y_outer, y_head, y_row;
  float scale;
} Attention;

uint64_t attention_scratch(const Attention *);
void attention(const Attention *, Thread, void *scratch);

// y[o][m][i] = activation(x[o][m][i] * factor[m] + shift[m]); y == x is allowed.
//
// Batch normalization that no convolution takes in, and the normalization of images.
typedef struct {
  const float *x;
  const float *factor, *shift; // [middle]
  float *y;
  int32_t outer, middle, inner;
  Activation activation;
} Scale;

void scale(const Scale *, Thread);

// A 3x3 convolution of stride 1 and dilation 1 by Winograd's transforms of tiles of output pixels.
//
// Fewer multiplications than Conv, larger rounding errors, the more the larger the tile; an infinity or NaN spreads over its
// tile. Weights: for each group, panels as in Product with inputs = [(tile + 2) * (tile + 2)][1 + in_channels / groups]: the
// transformed weights of each value after a row of zeros. With max_pool as Conv.
typedef struct {
  const float *x; // [in_height][in_width][in_channels]
  const float *weights;
  const float *residual; // as y, or NULL; added before the activation; not with max_pool
  float *y; // [out_height][out_width][out_channels], with max_pool [out_height / 2][out_width / 2][out_channels], pixels
            // y_pixel apart
  int32_t in_height, in_width, in_channels;
  int32_t out_height, out_width, out_channels; // of the convolution itself
  int32_t y_pixel;                             // floats, at least out_channels; with a residual as many
  int32_t groups;
  int32_t tile; // 2 or 4: pixels of a line
  int32_t pad_top, pad_left;
  int32_t max_pool;
  Activation activation;
} Winograd;

uint64_t winograd_scratch(const Winograd *);
void winograd(const Winograd *, Thread, void *scratch);
