// Generated from ops.toml by `python -m web.engine.generate_ops`: edit that table, not this file.
#include "ops.h"

#include "calls.h"

SMALL_CODE

const WordRange word_ranges[WORD_TYPES] = {
    [WORD_DIMENSION] = {1, MAX_DIMENSION},
    [WORD_LENGTH] = {1, MAX_FLOATS},
    [WORD_PADDING] = {0, MAX_DIMENSION},
    [WORD_STRIDE] = {0, MAX_FLOATS},
    [WORD_OFFSET] = {0, MAX_FLOATS},
    [WORD_FLAG] = {0, 1},
    [WORD_RANK] = {1, MAX_RANK},
    [WORD_SHAPE] = {1, MAX_FLOATS},
    [WORD_STRIDES] = {0, MAX_FLOATS},
    [WORD_SIGNED_STRIDES] = {(uint32_t)-MAX_FLOATS, MAX_FLOATS},
    [WORD_ACTIVATION_KIND] = {0, ACTIVATIONS - 1},
    [WORD_POOL_KIND] = {0, POOLS - 1},
    [WORD_REDUCE_KIND] = {0, REDUCTIONS - 1},
    [WORD_BINARY_KIND] = {0, BINARIES - 1},
};

static const uint8_t activate_words[] = {WORD_TENSOR, WORD_TENSOR, WORD_LENGTH, WORD_ACTIVATION_KIND, WORD_ANY, WORD_ANY};
static const uint8_t product_words[] = {
    WORD_TENSOR,    WORD_TENSOR,    WORD_OPTIONAL_TENSOR, WORD_OPTIONAL_TENSOR, WORD_TENSOR, WORD_DIMENSION,
    WORD_DIMENSION, WORD_DIMENSION, WORD_STRIDE,          WORD_ACTIVATION_KIND, WORD_ANY,    WORD_ANY};
static const uint8_t matrix_words[] = {WORD_TENSOR,    WORD_TENSOR,    WORD_OPTIONAL_TENSOR, WORD_TENSOR, WORD_DIMENSION,
                                       WORD_DIMENSION, WORD_DIMENSION, WORD_ACTIVATION_KIND, WORD_ANY,    WORD_ANY};
static const uint8_t conv_words[] = {
    WORD_TENSOR,    WORD_TENSOR,    WORD_OPTIONAL_TENSOR, WORD_TENSOR,    WORD_DIMENSION,
    WORD_DIMENSION, WORD_DIMENSION, WORD_STRIDE,          WORD_STRIDE,    WORD_STRIDE,
    WORD_DIMENSION, WORD_DIMENSION, WORD_DIMENSION,       WORD_STRIDE,    WORD_DIMENSION,
    WORD_DIMENSION, WORD_DIMENSION, WORD_DIMENSION,       WORD_DIMENSION, WORD_DIMENSION,
    WORD_DIMENSION, WORD_PADDING,   WORD_PADDING,         WORD_FLAG,      WORD_ACTIVATION_KIND,
    WORD_ANY,       WORD_ANY};
static const uint8_t depthwise_words[] = {WORD_TENSOR,    WORD_TENSOR,          WORD_TENSOR,    WORD_OPTIONAL_PARTIAL_SUMS,
                                          WORD_DIMENSION, WORD_DIMENSION,       WORD_DIMENSION, WORD_DIMENSION,
                                          WORD_DIMENSION, WORD_DIMENSION,       WORD_DIMENSION, WORD_DIMENSION,
                                          WORD_DIMENSION, WORD_DIMENSION,       WORD_DIMENSION, WORD_PADDING,
                                          WORD_PADDING,   WORD_ACTIVATION_KIND, WORD_ANY,       WORD_ANY};
static const uint8_t block_words[] = {WORD_TENSOR,
                                      WORD_OPTIONAL_TENSOR,
                                      WORD_TENSOR,
                                      WORD_OPTIONAL_TENSOR,
                                      WORD_OPTIONAL_TENSOR,
                                      WORD_TENSOR,
                                      WORD_OPTIONAL_PARTIAL_SUMS,
                                      WORD_DIMENSION,
                                      WORD_DIMENSION,
                                      WORD_DIMENSION,
                                      WORD_DIMENSION,
                                      WORD_DIMENSION,
                                      WORD_DIMENSION,
                                      WORD_DIMENSION,
                                      WORD_DIMENSION,
                                      WORD_DIMENSION,
                                      WORD_DIMENSION,
                                      WORD_DIMENSION,
                                      WORD_PADDING,
                                      WORD_PADDING,
                                      WORD_ACTIVATION_KIND,
                                      WORD_ANY,
                                      WORD_ANY,
                                      WORD_ACTIVATION_KIND,
                                      WORD_ANY,
                                      WORD_ANY,
                                      WORD_ACTIVATION_KIND,
                                      WORD_ANY,
                                      WORD_ANY};
static const uint8_t squeeze_excite_words[] = {WORD_SUMS,      WORD_TENSOR,    WORD_TENSOR,          WORD_TENSOR,
                                               WORD_DIMENSION, WORD_DIMENSION, WORD_DIMENSION,       WORD_ACTIVATION_KIND,
                                               WORD_ANY,       WORD_ANY,       WORD_ACTIVATION_KIND, WORD_ANY,
                                               WORD_ANY};
static const uint8_t mean_of_sums_words[] = {WORD_SUMS, WORD_TENSOR, WORD_DIMENSION, WORD_DIMENSION};
static const uint8_t pool_words[] = {WORD_TENSOR,    WORD_TENSOR,    WORD_POOL_KIND, WORD_DIMENSION, WORD_DIMENSION,
                                     WORD_DIMENSION, WORD_DIMENSION, WORD_DIMENSION, WORD_STRIDE,    WORD_DIMENSION,
                                     WORD_DIMENSION, WORD_DIMENSION, WORD_DIMENSION, WORD_DIMENSION, WORD_DIMENSION,
                                     WORD_PADDING,   WORD_PADDING,   WORD_PADDING,   WORD_PADDING};
static const uint8_t reduce_words[] = {WORD_TENSOR,    WORD_TENSOR,    WORD_REDUCE_KIND,
                                       WORD_DIMENSION, WORD_DIMENSION, WORD_DIMENSION};
static const uint8_t softmax_words[] = {WORD_TENSOR, WORD_TENSOR, WORD_DIMENSION, WORD_DIMENSION, WORD_DIMENSION, WORD_FLAG};
static const uint8_t normalize_words[] = {WORD_TENSOR,    WORD_OPTIONAL_TENSOR, WORD_OPTIONAL_TENSOR, WORD_TENSOR,
                                          WORD_DIMENSION, WORD_DIMENSION,       WORD_DIMENSION,       WORD_ANY};
static const uint8_t binary_words[] = {
    WORD_TENSOR,  WORD_TENSOR,  WORD_TENSOR,          WORD_BINARY_KIND, WORD_RANK,    WORD_SHAPE,   WORD_SHAPE,
    WORD_SHAPE,   WORD_SHAPE,   WORD_SHAPE,           WORD_SHAPE,       WORD_STRIDES, WORD_STRIDES, WORD_STRIDES,
    WORD_STRIDES, WORD_STRIDES, WORD_STRIDES,         WORD_STRIDES,     WORD_STRIDES, WORD_STRIDES, WORD_STRIDES,
    WORD_STRIDES, WORD_STRIDES, WORD_ACTIVATION_KIND, WORD_ANY,         WORD_ANY};
static const uint8_t copy_words[] = {WORD_TENSOR,         WORD_TENSOR,         WORD_OFFSET,         WORD_OFFSET,
                                     WORD_RANK,           WORD_SHAPE,          WORD_SHAPE,          WORD_SHAPE,
                                     WORD_SHAPE,          WORD_SHAPE,          WORD_SHAPE,          WORD_SIGNED_STRIDES,
                                     WORD_SIGNED_STRIDES, WORD_SIGNED_STRIDES, WORD_SIGNED_STRIDES, WORD_SIGNED_STRIDES,
                                     WORD_SIGNED_STRIDES, WORD_STRIDES,        WORD_STRIDES,        WORD_STRIDES,
                                     WORD_STRIDES,        WORD_STRIDES,        WORD_STRIDES};
static const uint8_t fill_words[] = {WORD_TENSOR, WORD_LENGTH, WORD_ANY};
static const uint8_t products_words[] = {WORD_TENSOR,    WORD_TENSOR,    WORD_TENSOR,    WORD_DIMENSION,
                                         WORD_DIMENSION, WORD_DIMENSION, WORD_DIMENSION, WORD_STRIDE,
                                         WORD_STRIDE,    WORD_STRIDE,    WORD_STRIDE};
static const uint8_t attention_words[] = {
    WORD_TENSOR,    WORD_TENSOR,    WORD_TENSOR, WORD_OPTIONAL_TENSOR, WORD_OPTIONAL_TENSOR, WORD_TENSOR,    WORD_OFFSET,
    WORD_OFFSET,    WORD_OFFSET,    WORD_OFFSET, WORD_DIMENSION,       WORD_DIMENSION,       WORD_DIMENSION, WORD_DIMENSION,
    WORD_DIMENSION, WORD_DIMENSION, WORD_STRIDE, WORD_STRIDE,          WORD_STRIDE,          WORD_STRIDE,    WORD_STRIDE,
    WORD_STRIDE,    WORD_STRIDE,    WORD_STRIDE, WORD_STRIDE,          WORD_STRIDE,          WORD_STRIDE,    WORD_STRIDE,
    WORD_STRIDE,    WORD_STRIDE,    WORD_STRIDE, WORD_STRIDE,          WORD_STRIDE,          WORD_STRIDE,    WORD_ANY};
static const uint8_t scale_words[] = {WORD_TENSOR,    WORD_TENSOR,    WORD_TENSOR,          WORD_TENSOR, WORD_DIMENSION,
                                      WORD_DIMENSION, WORD_DIMENSION, WORD_ACTIVATION_KIND, WORD_ANY,    WORD_ANY};
static const uint8_t winograd_words[] = {
    WORD_TENSOR,    WORD_TENSOR,    WORD_OPTIONAL_TENSOR, WORD_TENSOR, WORD_DIMENSION, WORD_DIMENSION, WORD_DIMENSION,
    WORD_DIMENSION, WORD_DIMENSION, WORD_DIMENSION,       WORD_STRIDE, WORD_DIMENSION, WORD_DIMENSION, WORD_PADDING,
    WORD_PADDING,   WORD_FLAG,      WORD_ACTIVATION_KIND, WORD_ANY,    WORD_ANY};

_Static_assert(sizeof(ActivateOp) == 4 * sizeof activate_words, "activate");
_Static_assert(sizeof(ProductOp) == 4 * sizeof product_words, "product");
_Static_assert(sizeof(MatrixOp) == 4 * sizeof matrix_words, "matrix");
_Static_assert(sizeof(ConvOp) == 4 * sizeof conv_words, "conv");
_Static_assert(sizeof(DepthwiseOp) == 4 * sizeof depthwise_words, "depthwise");
_Static_assert(sizeof(BlockOp) == 4 * sizeof block_words, "block");
_Static_assert(sizeof(SqueezeExciteOp) == 4 * sizeof squeeze_excite_words, "squeeze_excite");
_Static_assert(sizeof(MeanOfSumsOp) == 4 * sizeof mean_of_sums_words, "mean_of_sums");
_Static_assert(sizeof(PoolOp) == 4 * sizeof pool_words, "pool");
_Static_assert(sizeof(ReduceOp) == 4 * sizeof reduce_words, "reduce");
_Static_assert(sizeof(SoftmaxOp) == 4 * sizeof softmax_words, "softmax");
_Static_assert(sizeof(NormalizeOp) == 4 * sizeof normalize_words, "normalize");
_Static_assert(sizeof(BinaryOp) == 4 * sizeof binary_words, "binary");
_Static_assert(sizeof(CopyOp) == 4 * sizeof copy_words, "copy");
_Static_assert(sizeof(FillOp) == 4 * sizeof fill_words, "fill");
_Static_assert(sizeof(ProductsOp) == 4 * sizeof products_words, "products");
_Static_assert(sizeof(AttentionOp) == 4 * sizeof attention_words, "attention");
_Static_assert(sizeof(ScaleOp) == 4 * sizeof scale_words, "scale");
_Static_assert(sizeof(WinogradOp) == 4 * sizeof winograd_words, "winograd");

const OpWords op_words[OPS] = {
    [OP_ACTIVATE] = {sizeof activate_words, activate_words},
    [OP_PRODUCT] = {sizeof product_words, product_words},
    [OP_MATRIX] = {sizeof matrix_words, matrix_words},
    [OP_CONV] = {sizeof conv_words, conv_words},
    [OP_DEPTHWISE] = {sizeof depthwise_words, depthwise_words},
    [OP_BLOCK] = {sizeof block_words, block_words},
    [OP_SQUEEZE_EXCITE] = {sizeof squeeze_excite_words, squeeze_excite_words},
    [OP_MEAN_OF_SUMS] = {sizeof mean_of_sums_words, mean_of_sums_words},
    [OP_POOL] = {sizeof pool_words, pool_words},
    [OP_REDUCE] = {sizeof reduce_words, reduce_words},
    [OP_SOFTMAX] = {sizeof softmax_words, softmax_words},
    [OP_NORMALIZE] = {sizeof normalize_words, normalize_words},
    [OP_BINARY] = {sizeof binary_words, binary_words},
    [OP_COPY] = {sizeof copy_words, copy_words},
    [OP_FILL] = {sizeof fill_words, fill_words},
    [OP_PRODUCTS] = {sizeof products_words, products_words},
    [OP_ATTENTION] = {sizeof attention_words, attention_words},
    [OP_SCALE] = {sizeof scale_words, scale_words},
    [OP_WINOGRAD] = {sizeof winograd_words, winograd_words},
};

Activate activate_arguments(const ActivateOp *op) {
  return (Activate){
      .x = tensor_at(op->x),
      .y = tensor_at(op->y),
      .count = (int32_t)op->count,
      .activation = op->activation,
  };
}

Product product_arguments(const ProductOp *op) {
  return (Product){
      .x = tensor_at(op->x),
      .weights = tensor_at(op->weights),
      .gate = tensor_at(op->gate),
      .residual = tensor_at(op->residual),
      .y = tensor_at(op->y),
      .rows = (int32_t)op->rows,
      .inputs = (int32_t)op->inputs,
      .outputs = (int32_t)op->outputs,
      .x_stride = (int32_t)op->inputs,
      .y_stride = (int32_t)op->y_stride,
      .activation = op->activation,
  };
}

StoredProduct matrix_arguments(const MatrixOp *op) {
  return (StoredProduct){
      .x = tensor_at(op->x),
      .weights = tensor_at(op->weights),
      .residual = tensor_at(op->residual),
      .y = tensor_at(op->y),
      .rows = (int32_t)op->rows,
      .inputs = (int32_t)op->inputs,
      .outputs = (int32_t)op->outputs,
      .activation = op->activation,
  };
}

Conv conv_arguments(const ConvOp *op) {
  return (Conv){
      .x = tensor_at(op->x),
      .weights = tensor_at(op->weights),
      .residual = tensor_at(op->residual),
      .y = tensor_at(op->y),
      .in_height = (int32_t)op->in_height,
      .in_width = (int32_t)op->in_width,
      .in_channels = (int32_t)op->in_channels,
      .x_row = (int32_t)op->x_row,
      .x_pixel = (int32_t)op->x_pixel,
      .x_channel = (int32_t)op->x_channel,
      .out_height = (int32_t)op->out_height,
      .out_width = (int32_t)op->out_width,
      .out_channels = (int32_t)op->out_channels,
      .y_pixel = (int32_t)op->y_pixel,
      .groups = (int32_t)op->groups,
      .kernel_height = (int32_t)op->kernel_height,
      .kernel_width = (int32_t)op->kernel_width,
      .stride_height = (int32_t)op->stride_height,
      .stride_width = (int32_t)op->stride_width,
      .dilation_height = (int32_t)op->dilation_height,
      .dilation_width = (int32_t)op->dilation_width,
      .pad_top = (int32_t)op->pad_top,
      .pad_left = (int32_t)op->pad_left,
      .max_pool = (int32_t)op->max_pool,
      .activation = op->activation,
  };
}

Depthwise depthwise_arguments(const DepthwiseOp *op) {
  return (Depthwise){
      .x = tensor_at(op->x),
      .weights = tensor_at(op->weights),
      .y = tensor_at(op->y),
      .sums = tensor_at(op->sums),
      .channels = (int32_t)op->channels,
      .in_height = (int32_t)op->in_height,
      .in_width = (int32_t)op->in_width,
      .out_height = (int32_t)op->out_height,
      .out_width = (int32_t)op->out_width,
      .kernel_height = (int32_t)op->kernel_height,
      .kernel_width = (int32_t)op->kernel_width,
      .stride_height = (int32_t)op->stride_height,
      .stride_width = (int32_t)op->stride_width,
      .dilation_height = (int32_t)op->dilation_height,
      .dilation_width = (int32_t)op->dilation_width,
      .pad_top = (int32_t)op->pad_top,
      .pad_left = (int32_t)op->pad_left,
      .activation = op->activation,
  };
}

Block block_arguments(const BlockOp *op) {
  return (Block){
      .x = tensor_at(op->x),
      .expand = tensor_at(op->expand),
      .depthwise = tensor_at(op->depthwise),
      .project = tensor_at(op->project),
      .residual = tensor_at(op->residual),
      .y = tensor_at(op->y),
      .sums = tensor_at(op->sums),
      .in_height = (int32_t)op->in_height,
      .in_width = (int32_t)op->in_width,
      .in_channels = (int32_t)op->in_channels,
      .mid_channels = (int32_t)op->mid_channels,
      .out_height = (int32_t)op->out_height,
      .out_width = (int32_t)op->out_width,
      .out_channels = (int32_t)op->out_channels,
      .kernel_height = (int32_t)op->kernel_height,
      .kernel_width = (int32_t)op->kernel_width,
      .stride_height = (int32_t)op->stride_height,
      .stride_width = (int32_t)op->stride_width,
      .pad_top = (int32_t)op->pad_top,
      .pad_left = (int32_t)op->pad_left,
      .expand_activation = op->expand_activation,
      .depthwise_activation = op->depthwise_activation,
      .project_activation = op->project_activation,
  };
}

SqueezeExcite squeeze_excite_arguments(const SqueezeExciteOp *op) {
  return (SqueezeExcite){
      .sums = tensor_at(op->sums),
      .first = tensor_at(op->first),
      .second = tensor_at(op->second),
      .gate = tensor_at(op->gate),
      .channels = (int32_t)op->channels,
      .hidden = (int32_t)op->hidden,
      .pixels = (int32_t)op->pixels,
      .first_activation = op->first_activation,
      .second_activation = op->second_activation,
  };
}

MeanOfSums mean_of_sums_arguments(const MeanOfSumsOp *op) {
  return (MeanOfSums){
      .sums = tensor_at(op->sums),
      .y = tensor_at(op->y),
      .channels = (int32_t)op->channels,
      .pixels = (int32_t)op->pixels,
  };
}

Pool pool_arguments(const PoolOp *op) {
  return (Pool){
      .x = tensor_at(op->x),
      .y = tensor_at(op->y),
      .kind = (int32_t)op->kind,
      .channels = (int32_t)op->channels,
      .in_height = (int32_t)op->in_height,
      .in_width = (int32_t)op->in_width,
      .out_height = (int32_t)op->out_height,
      .out_width = (int32_t)op->out_width,
      .y_pixel = (int32_t)op->y_pixel,
      .kernel_height = (int32_t)op->kernel_height,
      .kernel_width = (int32_t)op->kernel_width,
      .stride_height = (int32_t)op->stride_height,
      .stride_width = (int32_t)op->stride_width,
      .dilation_height = (int32_t)op->dilation_height,
      .dilation_width = (int32_t)op->dilation_width,
      .pad_top = (int32_t)op->pad_top,
      .pad_left = (int32_t)op->pad_left,
      .pad_bottom = (int32_t)op->pad_bottom,
      .pad_right = (int32_t)op->pad_right,
  };
}

Reduce reduce_arguments(const ReduceOp *op) {
  return (Reduce){
      .x = tensor_at(op->x),
      .y = tensor_at(op->y),
      .kind = (int32_t)op->kind,
      .outer = (int32_t)op->outer,
      .middle = (int32_t)op->middle,
      .inner = (int32_t)op->inner,
  };
}

Softmax softmax_arguments(const SoftmaxOp *op) {
  return (Softmax){
      .x = tensor_at(op->x),
      .y = tensor_at(op->y),
      .outer = (int32_t)op->outer,
      .middle = (int32_t)op->middle,
      .inner = (int32_t)op->inner,
      .logarithm = (int32_t)op->logarithm,
  };
}

Normalize normalize_arguments(const NormalizeOp *op) {
  return (Normalize){
      .x = tensor_at(op->x),
      .scale = tensor_at(op->scale),
      .shift = tensor_at(op->shift),
      .y = tensor_at(op->y),
      .outer = (int32_t)op->outer,
      .middle = (int32_t)op->middle,
      .inner = (int32_t)op->inner,
      .epsilon = op->epsilon,
  };
}

Binary binary_arguments(const BinaryOp *op) {
  Binary arguments = {
      .a = tensor_at(op->a),
      .b = tensor_at(op->b),
      .y = tensor_at(op->y),
      .kind = (int32_t)op->kind,
      .rank = (int32_t)op->rank,
      .activation = op->activation,
  };
  for (int i = 0; i < MAX_RANK; i++) {
    arguments.shape[i] = (int32_t)op->shape[i];
    arguments.a_strides[i] = (int32_t)op->a_strides[i];
    arguments.b_strides[i] = (int32_t)op->b_strides[i];
  }
  return arguments;
}

Copy copy_arguments(const CopyOp *op) {
  Copy arguments = {
      .x = tensor_at(op->x) + op->x_first,
      .y = tensor_at(op->y) + op->y_first,
      .rank = (int32_t)op->rank,
  };
  for (int i = 0; i < MAX_RANK; i++) {
    arguments.shape[i] = (int32_t)op->shape[i];
    arguments.x_strides[i] = (int32_t)op->x_strides[i];
    arguments.y_strides[i] = (int32_t)op->y_strides[i];
  }
  return arguments;
}

Fill fill_arguments(const FillOp *op) {
  return (Fill){
      .y = tensor_at(op->y),
      .count = (int32_t)op->count,
      .value = op->value,
  };
}

Products products_arguments(const ProductsOp *op) {
  return (Products){
      .x = tensor_at(op->x),
      .w = tensor_at(op->w),
      .y = tensor_at(op->y),
      .count = (int32_t)op->count,
      .rows = (int32_t)op->rows,
      .inputs = (int32_t)op->inputs,
      .outputs = (int32_t)op->outputs,
      .x_step = (int32_t)op->x_step,
      .w_step = (int32_t)op->w_step,
      .input_stride = (int32_t)op->input_stride,
      .output_stride = (int32_t)op->output_stride,
  };
}

Attention attention_arguments(const AttentionOp *op) {
  return (Attention){
      .q = tensor_at(op->q) + op->q_first,
      .k = tensor_at(op->k) + op->k_first,
      .v = tensor_at(op->v) + op->v_first,
      .bias = tensor_at(op->bias),
      .mask = tensor_at(op->mask),
      .y = tensor_at(op->y) + op->y_first,
      .outer = (int32_t)op->outer,
      .heads = (int32_t)op->heads,
      .rows = (int32_t)op->rows,
      .keys = (int32_t)op->keys,
      .depth = (int32_t)op->depth,
      .width = (int32_t)op->width,
      .q_outer = (int32_t)op->q_outer,
      .q_head = (int32_t)op->q_head,
      .q_row = (int32_t)op->q_row,
      .k_outer = (int32_t)op->k_outer,
      .k_head = (int32_t)op->k_head,
      .k_row = (int32_t)op->k_row,
      .v_outer = (int32_t)op->v_outer,
      .v_head = (int32_t)op->v_head,
      .v_row = (int32_t)op->v_row,
      .bias_outer = (int32_t)op->bias_outer,
      .bias_head = (int32_t)op->bias_head,
      .bias_row = (int32_t)op->bias_row,
      .mask_outer = (int32_t)op->mask_outer,
      .mask_head = (int32_t)op->mask_head,
      .mask_row = (int32_t)op->mask_row,
      .y_outer = (int32_t)op->y_outer,
      .y_head = (int32_t)op->y_head,
      .y_row = (int32_t)op->y_row,
      .scale = op->scale,
  };
}

Scale scale_arguments(const ScaleOp *op) {
  return (Scale){
      .x = tensor_at(op->x),
      .factor = tensor_at(op->factor),
      .shift = tensor_at(op->shift),
      .y = tensor_at(op->y),
      .outer = (int32_t)op->outer,
      .middle = (int32_t)op->middle,
      .inner = (int32_t)op->inner,
      .activation = op->activation,
  };
}

Winograd winograd_arguments(const WinogradOp *op) {
  return (Winograd){
      .x = tensor_at(op->x),
      .weights = tensor_at(op->weights),
      .residual = tensor_at(op->residual),
      .y = tensor_at(op->y),
      .in_height = (int32_t)op->in_height,
      .in_width = (int32_t)op->in_width,
      .in_channels = (int32_t)op->in_channels,
      .out_height = (int32_t)op->out_height,
      .out_width = (int32_t)op->out_width,
      .out_channels = (int32_t)op->out_channels,
      .y_pixel = (int32_t)op->y_pixel,
      .groups = (int32_t)op->groups,
      .tile = (int32_t)op->tile,
      .pad_top = (int32_t)op->pad_top,
      .pad_left = (int32_t)op->pad_left,
      .max_pool = (int32_t)op->max_pool,
      .activation = op->activation,
  };
}

bool check_op(const Plan *plan, uint32_t kind, const void *op) {
  switch (kind) {
    case OP_ACTIVATE: return check_activate(plan, op);
    case OP_PRODUCT: return check_product(plan, op);
    case OP_MATRIX: return check_matrix(plan, op);
    case OP_CONV: return check_conv(plan, op);
    case OP_DEPTHWISE: return check_depthwise(plan, op);
    case OP_BLOCK: return check_block(plan, op);
    case OP_SQUEEZE_EXCITE: return check_squeeze_excite(plan, op);
    case OP_MEAN_OF_SUMS: return check_mean_of_sums(plan, op);
    case OP_POOL: return check_pool(plan, op);
    case OP_REDUCE: return check_reduce(plan, op);
    case OP_SOFTMAX: return check_softmax(plan, op);
    case OP_NORMALIZE: return check_normalize(plan, op);
    case OP_BINARY: return check_binary(plan, op);
    case OP_COPY: return check_copy(plan, op);
    case OP_FILL: return check_fill(plan, op);
    case OP_PRODUCTS: return check_products(plan, op);
    case OP_ATTENTION: return check_attention(plan, op);
    case OP_SCALE: return check_scale(plan, op);
    case OP_WINOGRAD: return check_winograd(plan, op);
    default: return false;
  }
}

void run_op(uint32_t kind, const void *op, Thread thread, void *scratch) {
  switch (kind) {
    case OP_ACTIVATE: {
      const Activate arguments = activate_arguments(op);
      activate(&arguments, thread);
      break;
    }
    case OP_PRODUCT: {
      const Product arguments = product_arguments(op);
      product(&arguments, thread, scratch);
      break;
    }
    case OP_MATRIX: run_matrix(op, thread, scratch); break;
    case OP_CONV: {
      const Conv arguments = conv_arguments(op);
      conv(&arguments, thread, scratch);
      break;
    }
    case OP_DEPTHWISE: {
      const Depthwise arguments = depthwise_arguments(op);
      depthwise(&arguments, thread, scratch);
      break;
    }
    case OP_BLOCK: {
      const Block arguments = block_arguments(op);
      block(&arguments, thread, scratch);
      break;
    }
    case OP_SQUEEZE_EXCITE: {
      const SqueezeExcite arguments = squeeze_excite_arguments(op);
      squeeze_excite(&arguments, thread, scratch);
      break;
    }
    case OP_MEAN_OF_SUMS: {
      const MeanOfSums arguments = mean_of_sums_arguments(op);
      mean_of_sums(&arguments, thread);
      break;
    }
    case OP_POOL: {
      const Pool arguments = pool_arguments(op);
      pool(&arguments, thread, scratch);
      break;
    }
    case OP_REDUCE: {
      const Reduce arguments = reduce_arguments(op);
      reduce(&arguments, thread);
      break;
    }
    case OP_SOFTMAX: {
      const Softmax arguments = softmax_arguments(op);
      softmax(&arguments, thread);
      break;
    }
    case OP_NORMALIZE: {
      const Normalize arguments = normalize_arguments(op);
      normalize(&arguments, thread);
      break;
    }
    case OP_BINARY: {
      const Binary arguments = binary_arguments(op);
      binary(&arguments, thread);
      break;
    }
    case OP_COPY: {
      const Copy arguments = copy_arguments(op);
      copy(&arguments, thread);
      break;
    }
    case OP_FILL: {
      const Fill arguments = fill_arguments(op);
      fill(&arguments, thread);
      break;
    }
    case OP_PRODUCTS: {
      const Products arguments = products_arguments(op);
      products(&arguments, thread, scratch);
      break;
    }
    case OP_ATTENTION: {
      const Attention arguments = attention_arguments(op);
      attention(&arguments, thread, scratch);
      break;
    }
    case OP_SCALE: {
      const Scale arguments = scale_arguments(op);
      scale(&arguments, thread);
      break;
    }
    case OP_WINOGRAD: {
      const Winograd arguments = winograd_arguments(op);
      winograd(&arguments, thread, scratch);
      break;
    }
    default: break;
  }
}

uint64_t op_scratch(uint32_t kind, const void *op) {
  switch (kind) {
    case OP_PRODUCT: {
      const Product arguments = product_arguments(op);
      return product_scratch(&arguments);
    }
    case OP_MATRIX: return matrix_scratch(op);
    case OP_CONV: {
      const Conv arguments = conv_arguments(op);
      return conv_scratch(&arguments);
    }
    case OP_DEPTHWISE: {
      const Depthwise arguments = depthwise_arguments(op);
      return depthwise_scratch(&arguments);
    }
    case OP_BLOCK: {
      const Block arguments = block_arguments(op);
      return block_scratch(&arguments);
    }
    case OP_SQUEEZE_EXCITE: {
      const SqueezeExcite arguments = squeeze_excite_arguments(op);
      return squeeze_excite_scratch(&arguments);
    }
    case OP_POOL: {
      const Pool arguments = pool_arguments(op);
      return pool_scratch(&arguments);
    }
    case OP_PRODUCTS: {
      const Products arguments = products_arguments(op);
      return products_scratch(&arguments);
    }
    case OP_ATTENTION: {
      const Attention arguments = attention_arguments(op);
      return attention_scratch(&arguments);
    }
    case OP_WINOGRAD: {
      const Winograd arguments = winograd_arguments(op);
      return winograd_scratch(&arguments);
    }
    default: return 0;
  }
}

SMALL_CODE_END
