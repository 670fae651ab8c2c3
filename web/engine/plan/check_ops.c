// Each operator's fields against one another and against the tensors that it names, so that no kernel reads or writes
// outside of them.

#include "checks.h"

static bool check_activate(const Plan *plan, const ActivateOp *op) {
  return reads(plan, op->x, op->count) && writes(plan, op->y, op->count) && same_or_apart(plan, op->x, op->y) &&
         activation(&op->activation);
}

static bool check_product(const Plan *plan, const ProductOp *op) {
  if (!dimensions(&op->rows, 3) || !activation(&op->activation)) return false;
  uint64_t y = volume(op->rows, op->outputs, 1);
  bool panels = unpacked(plan, op->weights, PACKED_PANELS8, 1, op->inputs, op->outputs);
  if (!panels) {
    panels = reads(plan, op->weights, panel_floats((int32_t)op->inputs, (int32_t)op->outputs));
    if (panels && overlaps(plan, op->weights, op->y)) return false;
  }
  return panels && reads(plan, op->x, volume(op->rows, op->inputs, 1)) && reads_optional(plan, op->gate, op->inputs) &&
         reads_optional(plan, op->residual, y) && writes(plan, op->y, y) && !overlaps(plan, op->x, op->y) &&
         !overlaps(plan, op->gate, op->y) && (op->residual == ABSENT || same_or_apart(plan, op->residual, op->y));
}

static bool check_matrix(const Plan *plan, const MatrixOp *op) {
  return dimensions(&op->inputs, 2) && activation(&op->activation) &&
         unpacked(plan, op->weights, PACKED_MATRIX, 1, op->inputs, op->outputs) && reads(plan, op->x, op->inputs) &&
         writes(plan, op->y, op->outputs) && !overlaps(plan, op->x, op->y);
}

static bool check_squeeze(const Plan *plan, const SqueezeExciteOp *op) {
  return dimensions(&op->channels, 3) && activation(&op->first_activation) && activation(&op->second_activation) &&
         gathers(plan, op->sums, op->channels) && unpacked(plan, op->first, PACKED_PANELS8, 1, op->channels, op->hidden) &&
         unpacked(plan, op->second, PACKED_PANELS8, 1, op->hidden, op->channels) && writes(plan, op->gate, op->channels);
}

static bool check_mean(const Plan *plan, const MeanOfSumsOp *op) {
  return dimensions(&op->channels, 2) && gathers(plan, op->sums, op->channels) && writes(plan, op->y, op->channels);
}

static bool check_op(const Plan *plan, uint32_t kind, const void *op) {
  switch (kind) {
    case OP_ACTIVATE: return check_activate(plan, op);
    case OP_PRODUCT: return check_product(plan, op);
    case OP_MATRIX: return check_matrix(plan, op);
    case OP_CONV: return check_conv(plan, op);
    case OP_DEPTHWISE: return check_depthwise(plan, op);
    case OP_BLOCK: return check_block(plan, op);
    case OP_SQUEEZE_EXCITE: return check_squeeze(plan, op);
    case OP_MEAN_OF_SUMS: return check_mean(plan, op);
    case OP_POOL: return check_pool(plan, op);
    case OP_REDUCE: return check_reduce(plan, op);
    case OP_SOFTMAX: return check_softmax(plan, op);
    case OP_BINARY: return check_binary(plan, op);
    case OP_COPY: return check_copy(plan, op);
    case OP_FILL: return writes(plan, ((const FillOp *)op)->y, ((const FillOp *)op)->count);
    case OP_PACK_PANELS: return check_pack(plan, op);
    default: return false;
  }
}

uint32_t plan_op_words(uint32_t kind) {
  static const uint8_t words[OPS] = {
      [OP_ACTIVATE] = sizeof(ActivateOp) / 4,
      [OP_PRODUCT] = sizeof(ProductOp) / 4,
      [OP_MATRIX] = sizeof(MatrixOp) / 4,
      [OP_CONV] = sizeof(ConvOp) / 4,
      [OP_DEPTHWISE] = sizeof(DepthwiseOp) / 4,
      [OP_BLOCK] = sizeof(BlockOp) / 4,
      [OP_SQUEEZE_EXCITE] = sizeof(SqueezeExciteOp) / 4,
      [OP_MEAN_OF_SUMS] = sizeof(MeanOfSumsOp) / 4,
      [OP_POOL] = sizeof(PoolOp) / 4,
      [OP_REDUCE] = sizeof(ReduceOp) / 4,
      [OP_SOFTMAX] = sizeof(SoftmaxOp) / 4,
      [OP_BINARY] = sizeof(BinaryOp) / 4,
      [OP_COPY] = sizeof(CopyOp) / 4,
      [OP_FILL] = sizeof(FillOp) / 4,
      [OP_PACK_PANELS] = sizeof(PackPanelsOp) / 4,
  };
  return kind < OPS ? words[kind] : 0;
}

// Whether `op` of this kind reads sums, or writes them.
static bool reads_sums(uint32_t kind) { return kind == OP_SQUEEZE_EXCITE || kind == OP_MEAN_OF_SUMS; }

EngineCode plan_check_ops(const Plan *plan) {
  const uint32_t *at = plan->ops, *end = at + plan->header->op_words;
  uint32_t sums = 0; // channels of those that the operator before gathered
  for (uint32_t i = 0; i < plan->header->ops; i++) {
    if (at == end) return ENGINE_BAD_SECTION;
    uint32_t kind = *at++, words = plan_op_words(kind);
    if (!words || (uint64_t)(end - at) < words) return ENGINE_BAD_OP;
    if (!check_op(plan, kind, at)) return ENGINE_BAD_OP;
    // Sums are of no worth but right after they were gathered, nor is the memory for them larger than one row a thread.
    if (reads_sums(kind) && sums != plan->tensors[at[0]].length) return ENGINE_BAD_OP;
    uint32_t gathered = kind == OP_DEPTHWISE ? ((const DepthwiseOp *)at)->sums
                        : kind == OP_BLOCK   ? ((const BlockOp *)at)->sums
                                             : ABSENT;
    sums = gathered == ABSENT ? 0 : plan->tensors[gathered].length;
    at += words;
  }
  return at == end ? ENGINE_OK : ENGINE_BAD_SECTION;
}
