// The format of a plan: what `converter/plan/` writes, `check.c` refuses or accepts and `run.c` runs.
//
// Little-endian 32-bit words:
//   Header, Tensor[tensors], PackedWeight[packed_weights], PackRule[pack_rules], float constants[constants], operators.
// An operator is its kind and then its struct below. Tensors, packed weights and constants are referred to by index.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels.h"

// Absent optional tensor, weight or multiplier. No enumerator: one that does not fit an int changes the type of all
// others of its enum for some compilers.
#define ABSENT 0xffffffffu

enum {
  PLAN_MAGIC = 0x50573254, // "T2WP"
  PLAN_VERSION = 1,
  MAX_DIMENSION = 1 << 24, // of any size, stride or kernel in an operator
  MAX_FLOATS = 1 << 28,    // in a tensor, packed weight or arena: every index fits an int32, every size in bytes a uint32
};

typedef struct {
  uint32_t magic, version;
  uint32_t bytes;    // of the whole plan
  uint32_t checksum; // FNV-1a of all words after this one
  uint32_t tensors, packed_weights, pack_rules, weights, constants, ops, op_words;
  uint32_t arena;         // floats
  uint32_t input, output; // tensors
  uint32_t sums;          // most channels that an operator gathers sums of
} Header;

typedef enum {
  PLACE_ARENA,         // `offset` floats into the arena
  PLACE_CONSTANT,      // `offset` floats into the constants
  PLACE_PACKED_WEIGHT, // packed weight number `offset`, from its beginning
  PLACE_SUMS,          // [threads][length] in memory of its own: read by the next operator
  PLACES
} Place;

typedef struct {
  uint32_t place, offset, length; // floats; of PLACE_SUMS the channels
} Tensor;

// Where weights lie once unpacked.
typedef enum {
  PACKED_FLAT,    // [inputs]; outputs and groups are 1
  PACKED_PANELS8, // for each group, panels as in Product
  PACKED_PANELS4, // as in Depthwise: outputs are the channels, inputs the places of the kernel
  PACKED_MATRIX,  // panels as in Product, or a MatrixFormat of RowProduct where the weights are stored so
  PACKED_LAYOUTS
} PackedLayout;

typedef struct {
  uint32_t layout, groups, inputs, outputs; // inputs and outputs of one group
} PackedWeight;

// How one stored weight, or constant of the plan, goes into a packed weight. Its values in order have the indices of `sizes`
// (the last the fastest), and go to input sum(index * input_strides), output first_output + sum(index * output_strides).
enum { PACK_RANK = 5 };
typedef struct {
  uint32_t packed_weight;
  uint32_t weight;     // number of the stored weight, or ABSENT
  uint32_t constant;   // first float among the constants where `weight` is ABSENT
  uint32_t is_bias;    // 1: for the biases of the panels; its inputs are 0
  uint32_t multiplier; // first of floats among the constants, one for each output, or ABSENT
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
  OP_BINARY,
  OP_COPY,
  OP_FILL,
  OP_PACK_PANELS,
  OPS
} OpKind;

// Each is the struct of its kernel with tensors in the place of pointers; see `kernels.h`.
typedef struct {
  uint32_t x, y, count;
  Activation activation;
} ActivateOp;

typedef struct {
  uint32_t x, weights, gate, residual, y, rows, inputs, outputs;
  Activation activation;
} ProductOp;

typedef struct {
  uint32_t x, weights, y, inputs, outputs; // one row; `weights` is a PACKED_MATRIX
  Activation activation;
} MatrixOp;

typedef struct {
  uint32_t x, weights, residual, y;
  uint32_t in_height, in_width, in_channels, x_row, x_pixel, x_channel, out_height, out_width, out_channels;
  uint32_t groups, kernel_height, kernel_width, stride_height, stride_width, dilation_height, dilation_width;
  uint32_t pad_top, pad_left, max_pool;
  Activation activation;
} ConvOp;

typedef struct {
  uint32_t x, weights, y, sums, channels, in_height, in_width, out_height, out_width;
  uint32_t kernel_height, kernel_width, stride_height, stride_width, dilation_height, dilation_width, pad_top, pad_left;
  Activation activation;
} DepthwiseOp;

typedef struct {
  uint32_t x, expand, depthwise, project, residual, y, sums;
  uint32_t in_height, in_width, in_channels, mid_channels, out_height, out_width, out_channels;
  uint32_t kernel_height, kernel_width, stride_height, stride_width, pad_top, pad_left;
  Activation expand_activation, depthwise_activation, project_activation;
} BlockOp;

typedef struct {
  uint32_t sums, first, second, gate, channels, hidden, pixels;
  Activation first_activation, second_activation;
} SqueezeExciteOp;

typedef struct {
  uint32_t sums, y, channels, pixels;
} MeanOfSumsOp;

typedef struct {
  uint32_t x, y, kind, channels, in_height, in_width, out_height, out_width, kernel_height, kernel_width;
  uint32_t stride_height, stride_width, dilation_height, dilation_width, pad_top, pad_left, pad_bottom, pad_right;
} PoolOp;

typedef struct {
  uint32_t x, y, kind, outer, middle, inner;
} ReduceOp;

typedef struct {
  uint32_t x, y, outer, middle, inner;
} SoftmaxOp;

typedef struct {
  uint32_t a, b, y, kind, rank;
  uint32_t shape[MAX_RANK], a_strides[MAX_RANK], b_strides[MAX_RANK];
  Activation activation;
} BinaryOp;

typedef struct {
  uint32_t x, y, x_first, y_first, rank; // the floats at index 0 of all axes
  uint32_t shape[MAX_RANK];
  int32_t x_strides[MAX_RANK], y_strides[MAX_RANK];
} CopyOp;

typedef struct {
  uint32_t y, count;
  float value;
} FillOp;

typedef struct {
  uint32_t x, y, inputs, outputs, input_stride, output_stride;
} PackPanelsOp;

// A plan that was read: where its sections begin.
typedef struct {
  const Header *header;
  const Tensor *tensors;
  const PackedWeight *packed_weights;
  const PackRule *pack_rules;
  const float *constants;
  const uint32_t *ops;
} Plan;

// What `engine_check` and others answer.
typedef enum {
  ENGINE_OK,
  ENGINE_NOT_A_PLAN, // magic, length or alignment
  ENGINE_OTHER_VERSION,
  ENGINE_DAMAGED,     // the checksum
  ENGINE_BAD_SECTION, // counts that do not make up the length, or more than the limits
  ENGINE_BAD_TENSOR,
  ENGINE_BAD_PACKED_WEIGHT,
  ENGINE_BAD_PACK_RULE,
  ENGINE_BAD_OP,      // an operator whose fields do not fit one another or its tensors
  ENGINE_TOO_LARGE,   // more memory than there is
  ENGINE_BAD_WEIGHT,  // a weight's number, format, or range of bytes
  ENGINE_INCOMPLETE,  // a weight of which not every byte arrived
  ENGINE_WRONG_STATE, // a call before those that it needs
} EngineCode;

// Words of each operator after its kind.
uint32_t plan_op_words(uint32_t kind);

// Reads the sections of `length` bytes; everything in them is checked.
EngineCode plan_read(const uint8_t *bytes, uint32_t length, Plan *plan);
EngineCode plan_check_ops(const Plan *plan);

// Floats of a packed weight as float32.
uint64_t packed_floats(const PackedWeight *packed);
