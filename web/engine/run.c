// Runs a plan: the same list of operators on every thread, each its share, with a barrier after each.

#include "engine.h"

float *tensor_at(uint32_t number) {
  if (number == ABSENT) return NULL;
  const Tensor *tensor = &engine.plan.tensors[number];
  switch (tensor->place) {
    case PLACE_ARENA: return (float *)(void *)(engine.base + engine.arena) + tensor->offset;
    // Only read: the check lets nothing write constants or slots.
    case PLACE_CONSTANT: return (float *)(uintptr_t)(engine.plan.constants + tensor->offset);
    case PLACE_SLOT: return (float *)(void *)(engine.base + engine.slots[tensor->offset].offset);
    default: return (float *)(void *)(engine.base + engine.sums);
  }
}

static Product make_product(const ProductOp *op) {
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

static Product matrix_product(const MatrixOp *op) {
  ProductOp rows = {op->x, op->weights, ABSENT, ABSENT, op->y, 1, op->inputs, op->outputs, op->activation};
  return make_product(&rows);
}

static void run_matrix(const MatrixOp *op, Share share, void *scratch) {
  const PlacedSlot *placed = &engine.slots[engine.plan.tensors[op->weights].offset];
  if (placed->format == MATRIX_FORMATS) {
    Product rows = matrix_product(op);
    product(&rows, share, scratch);
    return;
  }
  RowProduct row = {
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
  row_product(&row, share);
}

static Conv make_conv(const ConvOp *op) {
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

static Depthwise make_depthwise(const DepthwiseOp *op) {
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

static Block make_block(const BlockOp *op) {
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

static SqueezeExcite make_squeeze(const SqueezeExciteOp *op) {
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

static void run_pool(const PoolOp *op, Share share) {
  Pool call = {
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
  pool(&call, share);
}

static void run_binary(const BinaryOp *op, Share share) {
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
  binary(&call, share);
}

static void run_copy(const CopyOp *op, Share share) {
  Copy call = {.x = tensor_at(op->x) + op->x_first, .y = tensor_at(op->y) + op->y_first, .rank = (int32_t)op->rank};
  for (int i = 0; i < MAX_RANK; i++) {
    call.shape[i] = (int32_t)op->shape[i];
    call.x_strides[i] = op->x_strides[i];
    call.y_strides[i] = op->y_strides[i];
  }
  copy(&call, share);
}

static void run_small(uint32_t kind, const void *fields, Share share) {
  switch (kind) {
    case OP_ACTIVATE: {
      const ActivateOp *op = fields;
      activate(&(Activate){tensor_at(op->x), tensor_at(op->y), (int32_t)op->count, op->activation}, share);
      break;
    }
    case OP_MEAN_OF_SUMS: {
      const MeanOfSumsOp *op = fields;
      mean_of_sums(&(MeanOfSums){tensor_at(op->sums), tensor_at(op->y), (int32_t)op->channels, (int32_t)op->pixels}, share);
      break;
    }
    case OP_REDUCE: {
      const ReduceOp *op = fields;
      Reduce call = {tensor_at(op->x), tensor_at(op->y), (int32_t)op->kind, (int32_t)op->outer, (int32_t)op->middle, (int32_t)op->inner};
      reduce(&call, share);
      break;
    }
    case OP_SOFTMAX: {
      const SoftmaxOp *op = fields;
      softmax(&(Softmax){tensor_at(op->x), tensor_at(op->y), (int32_t)op->outer, (int32_t)op->middle, (int32_t)op->inner}, share);
      break;
    }
    case OP_FILL: {
      const FillOp *op = fields;
      fill(&(Fill){tensor_at(op->y), (int32_t)op->count, op->value}, share);
      break;
    }
    default: {
      const PackPanelsOp *op = fields;
      PackPanels call = {tensor_at(op->x), tensor_at(op->y), (int32_t)op->inputs, (int32_t)op->outputs,
                         (int32_t)op->input_stride, (int32_t)op->output_stride};
      pack_panels(&call, share);
    }
  }
}

static void run_op(uint32_t kind, const void *op, Share share, void *scratch) {
  switch (kind) {
    case OP_PRODUCT: {
      Product call = make_product(op);
      product(&call, share, scratch);
      break;
    }
    case OP_MATRIX: run_matrix(op, share, scratch); break;
    case OP_CONV: {
      Conv call = make_conv(op);
      conv(&call, share, scratch);
      break;
    }
    case OP_DEPTHWISE: {
      Depthwise call = make_depthwise(op);
      depthwise(&call, share, scratch);
      break;
    }
    case OP_BLOCK: {
      Block call = make_block(op);
      block(&call, share, scratch);
      break;
    }
    case OP_SQUEEZE_EXCITE: {
      SqueezeExcite call = make_squeeze(op);
      squeeze_excite(&call, share, scratch);
      break;
    }
    case OP_POOL: run_pool(op, share); break;
    case OP_BINARY: run_binary(op, share); break;
    case OP_COPY: run_copy(op, share); break;
    default: run_small(kind, op, share);
  }
}

static uint64_t op_scratch(uint32_t kind, const void *op) {
  switch (kind) {
    case OP_PRODUCT: {
      Product call = make_product(op);
      return product_scratch(&call);
    }
    case OP_MATRIX: {
      Product call = matrix_product(op);
      return product_scratch(&call);
    }
    case OP_CONV: {
      Conv call = make_conv(op);
      return conv_scratch(&call);
    }
    case OP_DEPTHWISE: {
      Depthwise call = make_depthwise(op);
      return depthwise_scratch(&call);
    }
    case OP_BLOCK: {
      Block call = make_block(op);
      return block_scratch(&call);
    }
    case OP_SQUEEZE_EXCITE: {
      SqueezeExcite call = make_squeeze(op);
      return squeeze_excite_scratch(&call);
    }
    default: return 0;
  }
}

uint64_t plan_scratch(const Plan *plan) {
  uint64_t most = 0;
  const uint32_t *at = plan->ops;
  for (uint32_t i = 0; i < plan->header->ops; i++) {
    uint32_t kind = *at++;
    uint64_t needed = op_scratch(kind, at);
    if (needed > most) most = needed;
    at += plan_op_words(kind);
  }
  return most;
}

EngineCode engine_run(int32_t thread, int32_t threads) {
  if (engine.state != STATE_READY || threads < 1 || threads > (int32_t)engine.threads || thread < 0 || thread >= threads) {
    return ENGINE_WRONG_STATE;
  }
  Share share = {thread, threads};
  uint8_t *scratch = engine.base + engine.scratch + (uint64_t)thread * engine.scratch_bytes;
  const uint32_t *at = engine.plan.ops;
  // Workers wait here for the next sample: thread 0 comes when its input is in place.
  barrier_wait(&engine.barrier, threads, thread != 0);
  for (uint32_t i = 0; i < engine.plan.header->ops; i++) {
    uint32_t kind = *at++;
    run_op(kind, at, share, scratch);
    at += plan_op_words(kind);
    barrier_wait(&engine.barrier, threads, thread != 0);
  }
  return ENGINE_OK;
}
