// Checks each operator's fields against one another and against its tensors, so that no kernel reads or writes outside of
// these.

#include "checks.h"
#include "ops.h"

SMALL_CODE

bool check_activate(const Plan *plan, const ActivateOp *op) {
  return reads(plan, op->x, op->count) && writes(plan, op->y, op->count) && same_or_apart(plan, op->x, op->y);
}

bool check_product(const Plan *plan, const ProductOp *op) {
  return unpacked(plan, op->weights, PACKED_PANELS8, 1, op->inputs, op->outputs) &&
         reads(plan, op->x, volume(op->rows, op->inputs, 1)) && reads_optional(plan, op->gate, op->inputs) &&
         writes_pixels(plan, op->y, op->rows, op->outputs, op->y_stride, op->residual) && !overlaps(plan, op->x, op->y) &&
         !overlaps(plan, op->gate, op->y) && (op->residual == ABSENT || same_or_apart(plan, op->residual, op->y));
}

bool check_matrix(const Plan *plan, const MatrixOp *op) {
  uint64_t y = volume(op->rows, op->outputs, 1);
  return unpacked(plan, op->weights, PACKED_MATRIX, 1, op->inputs, op->outputs) &&
         reads(plan, op->x, volume(op->rows, op->inputs, 1)) && reads_optional(plan, op->residual, y) &&
         writes(plan, op->y, y) && !overlaps(plan, op->x, op->y) &&
         (op->residual == ABSENT || same_or_apart(plan, op->residual, op->y));
}

bool check_squeeze_excite(const Plan *plan, const SqueezeExciteOp *op) {
  return gathers(plan, op->sums, op->channels) && unpacked(plan, op->first, PACKED_PANELS8, 1, op->channels, op->hidden) &&
         unpacked(plan, op->second, PACKED_PANELS8, 1, op->hidden, op->channels) && writes(plan, op->gate, op->channels);
}

bool check_mean_of_sums(const Plan *plan, const MeanOfSumsOp *op) {
  return gathers(plan, op->sums, op->channels) && writes(plan, op->y, op->channels);
}

bool check_fill(const Plan *plan, const FillOp *op) { return writes(plan, op->y, op->count); }

// Each word alone: tensors exist, integers are in the range of their type.
static bool check_word(const Plan *plan, WordType type, uint32_t word) {
  switch (type) {
    case WORD_TENSOR:
    case WORD_SUMS: return known(plan, word);
    case WORD_OPTIONAL_TENSOR:
    case WORD_OPTIONAL_PARTIAL_SUMS: return word == ABSENT || known(plan, word);
    case WORD_ANY: return true;
    default: return word - word_ranges[type].min <= word_ranges[type].max - word_ranges[type].min;
  }
}

// `sums`: channels of the partial sums that the operator before has written, 0 if none; then those of this operator. Sums
// are valid for the next operator only, and have room for one row of a thread.
static bool check_words(const Plan *plan, const OpWords *words, const uint32_t *op, uint32_t *sums) {
  uint32_t written = 0;
  for (uint32_t i = 0; i < words->count; i++) {
    WordType type = words->types[i];
    if (!check_word(plan, type, op[i])) return false;
    if (type == WORD_SUMS && plan->tensors[op[i]].length != *sums) return false;
    if (type == WORD_OPTIONAL_PARTIAL_SUMS && op[i] != ABSENT) written = plan->tensors[op[i]].length;
  }
  *sums = written;
  return true;
}

EngineCode plan_check_ops(const Plan *plan) {
  const uint32_t *at = plan->ops, *end = at + plan->header->op_words;
  uint32_t sums = 0;
  for (uint32_t i = 0; i < plan->header->ops; i++) {
    if (at == end) return ENGINE_BAD_SECTION;
    uint32_t kind = *at++;
    if (kind >= OPS || (uint64_t)(end - at) < op_words[kind].count) return ENGINE_BAD_OP;
    if (!check_words(plan, &op_words[kind], at, &sums) || !check_op(plan, kind, at)) return ENGINE_BAD_OP;
    at += op_words[kind].count;
  }
  return at == end ? ENGINE_OK : ENGINE_BAD_SECTION;
}

SMALL_CODE_END
