// Runs a plan: every thread runs the same operators on its own range of the work, with a barrier after each operator.

#include "calls.h"

static void run_matrix(const MatrixOp *op, Thread thread, void *scratch) {
  if (engine.placed[engine.plan.tensors[op->weights].offset].format == MATRIX_FORMATS) {
    Product rows = matrix_product(op);
    product(&rows, thread, scratch);
  } else {
    RowProduct row = make_row_product(op);
    row_product(&row, thread);
  }
}

static void run_small(uint32_t kind, const void *fields, Thread thread) {
  switch (kind) {
    case OP_ACTIVATE: {
      const ActivateOp *op = fields;
      activate(&(Activate){tensor_at(op->x), tensor_at(op->y), (int32_t)op->count, op->activation}, thread);
      break;
    }
    case OP_MEAN_OF_SUMS: {
      const MeanOfSumsOp *op = fields;
      mean_of_sums(&(MeanOfSums){tensor_at(op->sums), tensor_at(op->y), (int32_t)op->channels, (int32_t)op->pixels}, thread);
      break;
    }
    case OP_REDUCE: {
      const ReduceOp *op = fields;
      Reduce call = {tensor_at(op->x),   tensor_at(op->y),    (int32_t)op->kind,
                     (int32_t)op->outer, (int32_t)op->middle, (int32_t)op->inner};
      reduce(&call, thread);
      break;
    }
    case OP_SOFTMAX: {
      const SoftmaxOp *op = fields;
      softmax(&(Softmax){tensor_at(op->x), tensor_at(op->y), (int32_t)op->outer, (int32_t)op->middle, (int32_t)op->inner},
              thread);
      break;
    }
    case OP_FILL: {
      const FillOp *op = fields;
      fill(&(Fill){tensor_at(op->y), (int32_t)op->count, op->value}, thread);
      break;
    }
    default: {
      const PackPanelsOp *op = fields;
      PackPanels call = {tensor_at(op->x),     tensor_at(op->y),          (int32_t)op->inputs,
                         (int32_t)op->outputs, (int32_t)op->input_stride, (int32_t)op->output_stride};
      pack_panels(&call, thread);
    }
  }
}

static void run_op(uint32_t kind, const void *op, Thread thread, void *scratch) {
  switch (kind) {
    case OP_PRODUCT: {
      Product call = make_product(op);
      product(&call, thread, scratch);
      break;
    }
    case OP_MATRIX: run_matrix(op, thread, scratch); break;
    case OP_CONV: {
      Conv call = make_conv(op);
      conv(&call, thread, scratch);
      break;
    }
    case OP_DEPTHWISE: {
      Depthwise call = make_depthwise(op);
      depthwise(&call, thread, scratch);
      break;
    }
    case OP_BLOCK: {
      Block call = make_block(op);
      block(&call, thread, scratch);
      break;
    }
    case OP_SQUEEZE_EXCITE: {
      SqueezeExcite call = make_squeeze(op);
      squeeze_excite(&call, thread, scratch);
      break;
    }
    case OP_POOL: {
      Pool call = make_pool(op);
      pool(&call, thread);
      break;
    }
    case OP_BINARY: {
      Binary call = make_binary(op);
      binary(&call, thread);
      break;
    }
    case OP_COPY: {
      Copy call = make_copy(op);
      copy(&call, thread);
      break;
    }
    default: run_small(kind, op, thread);
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
  const Thread self = {thread, threads};
  uint8_t *scratch = engine.base + engine.scratch + (uint64_t)thread * engine.scratch_bytes;
  const uint32_t *at = engine.plan.ops;
  // Workers wait here for the next sample: thread 0 comes when its input is in place.
  barrier_wait(&engine.barrier, threads, thread != 0);
  for (uint32_t i = 0; i < engine.plan.header->ops; i++) {
    uint32_t kind = *at++;
    run_op(kind, at, self, scratch);
    at += plan_op_words(kind);
    barrier_wait(&engine.barrier, threads, thread != 0);
  }
  return ENGINE_OK;
}
