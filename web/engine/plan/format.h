// Generated from ops.toml by `python -m web.engine.generate_ops`: edit that table, not this file.
//
// The format of a plan, in little-endian 32-bit words:
//   Header, Tensor[tensors], PackedWeight[packed_weights], PackRule[pack_rules],
//   float[constants], operators.
// An operator is its OpKind, then its struct. Tensors, packed weights and constants are referred to
// by index.
#pragma once

#include "kernels.h"

enum {
  PLAN_MAGIC = 0x50573254, // "T2WP"
  PLAN_VERSION = 5,
  MAX_DIMENSION = 0x1000000, // of a dimension, kernel, stride or padding
  MAX_FLOATS = 0x10000000,   // in a tensor, packed weight or arena: an index fits an int32, a size in bytes a uint32
  PACK_RANK = 5,             // axes of a PackRule
};

// Memory regions of tensors.
typedef enum {
  PLACE_ARENA,         // `offset` floats into the arena
  PLACE_CONSTANT,      // `offset` floats into the constants
  PLACE_PACKED_WEIGHT, // packed weight number `offset`, from its start
  PLACE_SUMS,          // [threads][length], a region apart: valid for the next operator only
  PLACES,              // number of the others
} Place;

// Layouts of packed weights.
typedef enum {
  PACKED_FLAT,      // [inputs]; outputs and groups are 1
  PACKED_PANELS8,   // for each group, panels of 8 outputs as in Product
  PACKED_PANELS4,   // panels of 4 channels as in Depthwise: outputs are the channels, inputs the kernel's positions
  PACKED_MATRIX,    // panels of 8 outputs as in Product, or a MatrixFormat if the weights are stored in reduced precision
  PACKED_WINOGRAD2, // panels of 8 outputs for each group as in Winograd, tiles of 2 pixels: inputs are 16 * (channels of a
                    // group + 1); row k * (channels + 1) + c gets the weight at kernel position k of channel c
  PACKED_WINOGRAD4, // the same for tiles of 4 pixels: inputs are 36 * (channels + 1)
  PACKED_LAYOUTS,   // number of the others
} PackedLayout;

// Formats of weights in the safetensors file.
typedef enum {
  STORED_FLOAT32, // F32
  STORED_FLOAT16, // F16
  STORED_INT8,    // I8, with F32 scales
  STORED_INT4,    // U8 with two 4-bit integers each, with F16 scales
  STORED_FORMATS, // number of the others
} StoredFormat;

// Results of the engine's calls; in this table `meaning` continues the message "engine_check found".
typedef enum {
  ENGINE_OK,                // success; a size of 0 from engine_size has the meaning given here
  ENGINE_NOT_A_PLAN,        // magic, length or alignment
  ENGINE_OTHER_VERSION,     // a plan of another version
  ENGINE_DAMAGED,           // a plan with a wrong checksum
  ENGINE_BAD_SECTION,       // counts that do not add up to the length, or exceed the limits
  ENGINE_BAD_TENSOR,        // a tensor outside its memory region
  ENGINE_BAD_PACKED_WEIGHT, // a packed weight of an invalid shape
  ENGINE_BAD_PACK_RULE,     // a pack rule that does not fit its weights
  ENGINE_BAD_OP,            // fields that do not fit one another or their tensors
  ENGINE_TOO_LARGE,         // too little memory
  ENGINE_BAD_WEIGHT,        // index, format, or range of bytes
  ENGINE_INCOMPLETE,        // an incomplete weight
  ENGINE_WRONG_STATE,       // calls in the wrong order
} EngineCode;

typedef struct {
  uint32_t magic, version;
  uint32_t bytes;                                                                  // of the whole plan
  uint32_t checksum;                                                               // FNV-1a of all words after this one
  uint32_t tensors, packed_weights, pack_rules, weights, constants, ops, op_words; // counts
  uint32_t arena;                                                                  // floats
  uint32_t input, output;                                                          // tensors
  uint32_t sums; // maximum channels of a tensor in PLACE_SUMS
} Header;

typedef struct {
  uint32_t place, offset, length; // floats; in PLACE_SUMS channels
} Tensor;

// A weight as the kernels read it.
typedef struct {
  uint32_t layout;
  uint32_t groups, inputs, outputs; // inputs and outputs of one group
} PackedWeight;

// Maps one stored weight, or constant of the plan, into a packed weight. Its values in order have the indices of `sizes`,
// the last axis fastest, and go to input sum(index * input_strides), output first_output + sum(index * output_strides).
typedef struct {
  uint32_t packed_weight;
  uint32_t weight;     // index of the stored weight, or ABSENT
  uint32_t constant;   // first float in the constants if `weight` is ABSENT
  uint32_t is_bias;    // 1: goes to the biases of the panels; its inputs are 0
  uint32_t multiplier; // first float in the constants, one for each output, or ABSENT
  uint32_t first_output;
  uint32_t sizes[PACK_RANK], input_strides[PACK_RANK], output_strides[PACK_RANK];
} PackRule;

typedef enum {
  OP_ACTIVATE,
  OP_PRODUCT,
  OP_MATRIX,
  OP_CONV,
  OP_DEPTHWISE,
  OP_BLOCK,
  OP_SQUEEZE_EXCITE,
  OP_MEAN_OF_SUMS,
  OP_POOL,
  OP_REDUCE,
  OP_SOFTMAX,
  OP_NORMALIZE,
  OP_BINARY,
  OP_COPY,
  OP_FILL,
  OP_PRODUCTS,
  OP_ATTENTION,
  OP_SCALE,
  OP_WINOGRAD,
  OPS, // number of the others
} OpKind;

// The kernels' arguments with tensors in the place of pointers: see operators.h.

typedef struct {
  uint32_t x, y;
  uint32_t count;
  Activation activation;
} ActivateOp;

typedef struct {
  uint32_t x, weights, gate, residual, y;
  uint32_t rows, inputs, outputs;
  uint32_t y_stride; // floats, at least outputs; with a residual as many
  Activation activation;
} ProductOp;

typedef struct {
  uint32_t x, weights, residual, y;
  uint32_t rows, inputs, outputs;
  Activation activation;
} MatrixOp;

typedef struct {
  uint32_t x, weights, residual, y;
  uint32_t in_height, in_width, in_channels;
  uint32_t x_row, x_pixel, x_channel;           // floats
  uint32_t out_height, out_width, out_channels; // of the convolution itself
  uint32_t y_pixel;                             // floats, at least out_channels; with a residual as many
  uint32_t groups;
  uint32_t kernel_height, kernel_width;
  uint32_t stride_height, stride_width;
  uint32_t dilation_height, dilation_width;
  uint32_t pad_top, pad_left;
  uint32_t max_pool;
  Activation activation;
} ConvOp;

typedef struct {
  uint32_t x, weights, y, sums;
  uint32_t channels;
  uint32_t in_height, in_width;
  uint32_t out_height, out_width;
  uint32_t kernel_height, kernel_width;
  uint32_t stride_height, stride_width;
  uint32_t dilation_height, dilation_width;
  uint32_t pad_top, pad_left;
  Activation activation;
} DepthwiseOp;

typedef struct {
  uint32_t x, expand, depthwise, project, residual, y, sums;
  uint32_t in_height, in_width, in_channels;
  uint32_t mid_channels;
  uint32_t out_height, out_width, out_channels;
  uint32_t kernel_height, kernel_width;
  uint32_t stride_height, stride_width;
  uint32_t pad_top, pad_left;
  Activation expand_activation, depthwise_activation, project_activation;
} BlockOp;

typedef struct {
  uint32_t sums, first, second, gate;
  uint32_t channels, hidden;
  uint32_t pixels;
  Activation first_activation, second_activation;
} SqueezeExciteOp;

typedef struct {
  uint32_t sums, y;
  uint32_t channels, pixels;
} MeanOfSumsOp;

typedef struct {
  uint32_t x, y;
  uint32_t kind;
  uint32_t channels;
  uint32_t in_height, in_width;
  uint32_t out_height, out_width;
  uint32_t y_pixel; // floats, at least channels
  uint32_t kernel_height, kernel_width;
  uint32_t stride_height, stride_width;
  uint32_t dilation_height, dilation_width;
  uint32_t pad_top, pad_left, pad_bottom, pad_right; // the last two only matter for POOL_AVERAGE_WITH_PADDING
} PoolOp;

typedef struct {
  uint32_t x, y;
  uint32_t kind;
  uint32_t outer, middle, inner;
} ReduceOp;

typedef struct {
  uint32_t x, y;
  uint32_t outer, middle, inner;
  uint32_t logarithm;
} SoftmaxOp;

typedef struct {
  uint32_t x, scale, shift, y;
  uint32_t outer, middle, inner;
  float epsilon;
} NormalizeOp;

typedef struct {
  uint32_t a, b, y;
  uint32_t kind;
  uint32_t rank; // 1 to MAX_RANK
  uint32_t shape[MAX_RANK];
  uint32_t a_strides[MAX_RANK], b_strides[MAX_RANK]; // floats
  Activation activation;
} BinaryOp;

typedef struct {
  uint32_t x, y;
  uint32_t x_first; // the float at index 0 of all axes
  uint32_t y_first;
  uint32_t rank; // 1 to MAX_RANK
  uint32_t shape[MAX_RANK];
  int32_t x_strides[MAX_RANK];  // floats; may be negative: x is then not the lowest address
  uint32_t y_strides[MAX_RANK]; // floats
} CopyOp;

typedef struct {
  uint32_t y;
  uint32_t count;
  float value;
} FillOp;

typedef struct {
  uint32_t x, w, y;
  uint32_t count, rows, inputs, outputs;
  uint32_t x_step, w_step;              // floats, 0 where all products read the same
  uint32_t input_stride, output_stride; // floats
} ProductsOp;

typedef struct {
  uint32_t q, k, v, bias, mask, y;
  uint32_t q_first;
  uint32_t k_first;
  uint32_t v_first;
  uint32_t y_first;
  uint32_t outer, heads, rows, keys, depth, width;
  uint32_t q_outer, q_head, q_row; // floats from one n, one h and one row to the next
  uint32_t k_outer, k_head, k_row;
  uint32_t v_outer, v_head, v_row;
  uint32_t bias_outer, bias_head, bias_row;
  uint32_t mask_outer, mask_head, mask_row;
  uint32_t y_outer, y_head, y_row;
  float scale;
} AttentionOp;

typedef struct {
  uint32_t x, factor, shift, y;
  uint32_t outer, middle, inner;
  Activation activation;
} ScaleOp;

typedef struct {
  uint32_t x, weights, residual, y;
  uint32_t in_height, in_width, in_channels;
  uint32_t out_height, out_width, out_channels; // of the convolution itself
  uint32_t y_pixel;                             // floats, at least out_channels; with a residual as many
  uint32_t groups;
  uint32_t tile; // 2 or 4: pixels of a line
  uint32_t pad_top, pad_left;
  uint32_t max_pool;
  Activation activation;
} WinogradOp;
