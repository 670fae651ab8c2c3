#include "calls.h"

float *tensor_at(uint32_t number) {
  if (number == ABSENT) return NULL;
  const Tensor *tensor = &engine.plan.tensors[number];
  switch (tensor->place) {
    case PLACE_ARENA: return (float *)(void *)(engine.base + engine.arena) + tensor->offset;
    // Only read: the check lets nothing write constants or packed weights.
    case PLACE_CONSTANT: return (float *)(uintptr_t)(engine.plan.constants + tensor->offset);
    case PLACE_PACKED_WEIGHT: return (float *)(void *)(engine.base + engine.placed[tensor->offset].offset);
    default: return (float *)(void *)(engine.base + engine.sums);
  }
}

Product make_product(const ProductOp *op) {
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
      .y_stride = (int32_t)op->outputs,
      .activation = op->activation,
  };
}

Product matrix_product(const MatrixOp *op) {
  ProductOp rows = {op->x, op->weights, ABSENT, ABSENT, op->y, 1, op->inputs, op->outputs, op->activation};
  return make_product(&rows);
}

Conv make_conv(const ConvOp *op) {
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

Depthwise make_depthwise(const DepthwiseOp *op) {
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

Block make_block(const BlockOp *op) {
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

SqueezeExcite make_squeeze(const SqueezeExciteOp *op) {
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

Pool make_pool(const PoolOp *op) {
  return (Pool){
      .x = tensor_at(op->x),
      .y = tensor_at(op->y),
      .kind = (int32_t)op->kind,
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
      .pad_bottom = (int32_t)op->pad_bottom,
      .pad_right = (int32_t)op->pad_right,
  };
}

Binary make_binary(const BinaryOp *op) {
  Binary call = {
      .a = tensor_at(op->a),
      .b = tensor_at(op->b),
      .y = tensor_at(op->y),
      .kind = (int32_t)op->kind,
      .rank = (int32_t)op->rank,
      .activation = op->activation,
  };
  for (int i = 0; i < MAX_RANK; i++) {
    call.shape[i] = (int32_t)op->shape[i];
    call.a_strides[i] = (int32_t)op->a_strides[i];
    call.b_strides[i] = (int32_t)op->b_strides[i];
  }
  return call;
}

Copy make_copy(const CopyOp *op) {
  Copy call = {.x = tensor_at(op->x) + op->x_first, .y = tensor_at(op->y) + op->y_first, .rank = (int32_t)op->rank};
  for (int i = 0; i < MAX_RANK; i++) {
    call.shape[i] = (int32_t)op->shape[i];
    call.x_strides[i] = op->x_strides[i];
    call.y_strides[i] = op->y_strides[i];
  }
  return call;
}

RowProduct make_row_product(const MatrixOp *op) {
  const PlacedWeight *placed = &engine.placed[engine.plan.tensors[op->weights].offset];
  return (RowProduct){
      .x = tensor_at(op->x),
      .weights = engine.base + placed->offset,
      .scale = (const float *)(const void *)(engine.base + placed->scale),
      .bias = (const float *)(const void *)(engine.base + placed->bias),
      .y = tensor_at(op->y),
      .inputs = (int32_t)op->inputs,
      .outputs = (int32_t)op->outputs,
      .format = (int32_t)placed->format,
      .activation = op->activation,
  };
}
