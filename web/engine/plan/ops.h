// Generated from ops.toml by `python -m web.engine.generate_ops`: edit that table, not this file.
//
// The operators of a plan: types of their words, arguments of their kernels, calls by kind.
#pragma once

#include "plan.h"

// Types of the words of an operator after its kind. From WORD_LENGTH on: integers, in `word_ranges`.
typedef enum {
  WORD_TENSOR,
  WORD_ANY,
  WORD_OPTIONAL_TENSOR,
  WORD_OPTIONAL_PARTIAL_SUMS,
  WORD_SUMS,
  WORD_LENGTH,
  WORD_ACTIVATION_KIND,
  WORD_DIMENSION,
  WORD_STRIDE,
  WORD_PADDING,
  WORD_FLAG,
  WORD_POOL_KIND,
  WORD_REDUCE_KIND,
  WORD_BINARY_KIND,
  WORD_RANK,
  WORD_SHAPE,
  WORD_STRIDES,
  WORD_OFFSET,
  WORD_SIGNED_STRIDES,
  WORD_TYPES
} WordType;

typedef struct {
  uint32_t min, max; // may be negative: `word - min` is at most `max - min`
} WordRange;

typedef struct {
  uint32_t count;
  const uint8_t *types; // WordType of each word
} OpWords;

extern const WordRange word_ranges[WORD_TYPES];
extern const OpWords op_words[OPS];

// Arguments of an operator's kernel.
Activate activate_arguments(const ActivateOp *op);
Product product_arguments(const ProductOp *op);
StoredProduct matrix_arguments(const MatrixOp *op);
Conv conv_arguments(const ConvOp *op);
Depthwise depthwise_arguments(const DepthwiseOp *op);
Block block_arguments(const BlockOp *op);
SqueezeExcite squeeze_excite_arguments(const SqueezeExciteOp *op);
MeanOfSums mean_of_sums_arguments(const MeanOfSumsOp *op);
Pool pool_arguments(const PoolOp *op);
Reduce reduce_arguments(const ReduceOp *op);
Softmax softmax_arguments(const SoftmaxOp *op);
Normalize normalize_arguments(const NormalizeOp *op);
Binary binary_arguments(const BinaryOp *op);
Copy copy_arguments(const CopyOp *op);
Fill fill_arguments(const FillOp *op);
Products products_arguments(const ProductsOp *op);
Attention attention_arguments(const AttentionOp *op);
Scale scale_arguments(const ScaleOp *op);
Winograd winograd_arguments(const WinogradOp *op);

// Written by hand in check_*.c, called with words of the right types: whether the operator reads and writes
// within its tensors.
bool check_activate(const Plan *, const ActivateOp *);
bool check_product(const Plan *, const ProductOp *);
bool check_matrix(const Plan *, const MatrixOp *);
bool check_conv(const Plan *, const ConvOp *);
bool check_depthwise(const Plan *, const DepthwiseOp *);
bool check_block(const Plan *, const BlockOp *);
bool check_squeeze_excite(const Plan *, const SqueezeExciteOp *);
bool check_mean_of_sums(const Plan *, const MeanOfSumsOp *);
bool check_pool(const Plan *, const PoolOp *);
bool check_reduce(const Plan *, const ReduceOp *);
bool check_softmax(const Plan *, const SoftmaxOp *);
bool check_normalize(const Plan *, const NormalizeOp *);
bool check_binary(const Plan *, const BinaryOp *);
bool check_copy(const Plan *, const CopyOp *);
bool check_fill(const Plan *, const FillOp *);
bool check_products(const Plan *, const ProductsOp *);
bool check_attention(const Plan *, const AttentionOp *);
bool check_scale(const Plan *, const ScaleOp *);
bool check_winograd(const Plan *, const WinogradOp *);

// Written by hand in calls.c.
void run_matrix(const MatrixOp *, Thread, void *scratch);
uint64_t matrix_scratch(const MatrixOp *);

bool check_op(const Plan *, uint32_t kind, const void *op);
void run_op(uint32_t kind, const void *op, Thread, void *scratch);
uint64_t op_scratch(uint32_t kind, const void *op);
