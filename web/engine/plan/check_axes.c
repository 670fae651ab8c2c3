// Checks of operators with axes and strides.

#include "checks.h"
#include "ops.h"

SMALL_CODE

bool check_reduce(const Plan *plan, const ReduceOp *op) {
  return reads(plan, op->x, volume(op->outer, op->middle, op->inner)) &&
         writes(plan, op->y, volume(op->outer, op->inner, 1)) && !overlaps(plan, op->x, op->y);
}

bool check_softmax(const Plan *plan, const SoftmaxOp *op) {
  uint64_t count = volume(op->outer, op->middle, op->inner);
  return reads(plan, op->x, count) && writes(plan, op->y, count) && same_or_apart(plan, op->x, op->y);
}

bool check_normalize(const Plan *plan, const NormalizeOp *op) {
  uint64_t count = volume(op->outer, op->middle, op->inner);
  bool factors = op->scale != ABSENT;
  if (factors != (op->shift != ABSENT) || (factors && op->inner != 1)) return false;
  return reads(plan, op->x, count) && reads_optional(plan, op->scale, op->middle) &&
         reads_optional(plan, op->shift, op->middle) && writes(plan, op->y, count) && same_or_apart(plan, op->x, op->y) &&
         !overlaps(plan, op->scale, op->y) && !overlaps(plan, op->shift, op->y);
}

bool check_scale(const Plan *plan, const ScaleOp *op) {
  uint64_t count = volume(op->outer, op->middle, op->inner);
  return reads(plan, op->x, count) && reads(plan, op->factor, op->middle) && reads(plan, op->shift, op->middle) &&
         writes(plan, op->y, count) && same_or_apart(plan, op->x, op->y) && !overlaps(plan, op->factor, op->y) &&
         !overlaps(plan, op->shift, op->y);
}

// The lowest and highest index of a float that the strides reach from `first`.
static bool within(uint64_t first, uint32_t rank, const uint32_t *shape, const int32_t *strides, uint64_t length) {
  int64_t low = (int64_t)first, high = (int64_t)first;
  for (uint32_t i = 0; i < rank; i++) {
    int64_t step = (int64_t)(shape[i] - 1) * strides[i];
    if (step < 0) low += step;
    if (step > 0) high += step;
  }
  return low >= 0 && high < (int64_t)length;
}

// Whether no two indices write the same float: each axis has a stride beyond the extent of all axes with smaller strides.
static bool distinct(uint32_t rank, const uint32_t *shape, const uint32_t *strides) {
  for (uint32_t i = 0; i < rank; i++) {
    if (shape[i] == 1) continue;
    if (!strides[i]) return false;
    uint64_t below = 0;
    for (uint32_t j = 0; j < rank; j++) {
      if (j == i || shape[j] == 1) continue;
      if (strides[j] == strides[i]) return false;
      if (strides[j] < strides[i]) below += (uint64_t)(shape[j] - 1) * strides[j];
    }
    if (below >= strides[i]) return false;
  }
  return true;
}

// Number of values of a shape, capped at MAX_FLOATS + 1.
static uint64_t values(uint32_t rank, const uint32_t *shape) {
  uint64_t count = 1;
  for (uint32_t i = 0; i < rank && count <= MAX_FLOATS; i++) count *= shape[i];
  return count <= MAX_FLOATS ? count : MAX_FLOATS + 1;
}

// An operand that is also the result has to be as dense.
static bool in_place(const Plan *plan, const BinaryOp *op, uint32_t operand, const uint32_t *strides) {
  if (!overlaps(plan, operand, op->y)) return true;
  if (plan->tensors[operand].offset != plan->tensors[op->y].offset) return false;
  uint64_t dense = 1;
  for (uint32_t i = op->rank; i-- > 0; dense *= op->shape[i]) {
    if (op->shape[i] != 1 && strides[i] != dense) return false;
  }
  return true;
}

static bool operand(const Plan *plan, const BinaryOp *op, uint32_t tensor, const uint32_t *strides) {
  uint32_t length = plan->tensors[tensor].length;
  return reads(plan, tensor, length) && within(0, op->rank, op->shape, (const int32_t *)strides, length) &&
         in_place(plan, op, tensor, strides);
}

bool check_binary(const Plan *plan, const BinaryOp *op) {
  return writes(plan, op->y, values(op->rank, op->shape)) && operand(plan, op, op->a, op->a_strides) &&
         operand(plan, op, op->b, op->b_strides);
}

bool check_copy(const Plan *plan, const CopyOp *op) {
  if (values(op->rank, op->shape) > MAX_FLOATS) return false;
  uint32_t x = plan->tensors[op->x].length, y = plan->tensors[op->y].length;
  return reads(plan, op->x, x) && writes(plan, op->y, y) && !overlaps(plan, op->x, op->y) &&
         within(op->x_first, op->rank, op->shape, op->x_strides, x) && distinct(op->rank, op->shape, op->y_strides) &&
         within(op->y_first, op->rank, op->shape, (const int32_t *)op->y_strides, y);
}

bool check_products(const Plan *plan, const ProductsOp *op) {
  uint32_t x = plan->tensors[op->x].length, w = plan->tensors[op->w].length;
  uint64_t steps = op->count - 1;
  uint64_t last = (uint64_t)(op->inputs - 1) * op->input_stride + (uint64_t)(op->outputs - 1) * op->output_stride;
  uint64_t of_one = volume(op->rows, op->inputs, 1);
  return of_one <= x && steps * op->x_step <= x - of_one && reads(plan, op->x, x) && last < w &&
         steps * op->w_step < w - last && reads(plan, op->w, w) &&
         panel_floats((int32_t)op->inputs, (int32_t)op->outputs) <= MAX_FLOATS &&
         writes(plan, op->y, volume(op->count, op->rows, op->outputs)) && !overlaps(plan, op->x, op->y) &&
         !overlaps(plan, op->w, op->y);
}

// [outer][heads][rows][columns] of which the last axis is dense.
static bool within_rows(const Plan *plan, uint32_t tensor, uint64_t first, const uint32_t *shape, const uint32_t *strides) {
  const int32_t steps[] = {(int32_t)strides[0], (int32_t)strides[1], (int32_t)strides[2], 1};
  return within(first, 4, shape, steps, plan->tensors[tensor].length);
}

static bool reads_rows(const Plan *plan, const AttentionOp *op, uint32_t tensor, uint64_t first, uint32_t rows,
                       uint32_t columns, const uint32_t *strides) {
  const uint32_t shape[] = {op->outer, op->heads, rows, columns};
  if (tensor == ABSENT) return true;
  return reads(plan, tensor, plan->tensors[tensor].length) && within_rows(plan, tensor, first, shape, strides) &&
         !overlaps(plan, tensor, op->y);
}

bool check_attention(const Plan *plan, const AttentionOp *op) {
  const uint32_t shape[] = {op->outer, op->heads, op->rows, op->width};
  const uint32_t strides[] = {op->y_outer, op->y_head, op->y_row, 1};
  const int32_t keys = (int32_t)op->keys;
  if (values(4, shape) > MAX_FLOATS || panel_floats((int32_t)op->depth, keys) > MAX_FLOATS ||
      panel_floats(keys, (int32_t)op->width) > MAX_FLOATS)
    return false;
  return reads_rows(plan, op, op->q, op->q_first, op->rows, op->depth, &op->q_outer) &&
         reads_rows(plan, op, op->k, op->k_first, op->keys, op->depth, &op->k_outer) &&
         reads_rows(plan, op, op->v, op->v_first, op->keys, op->width, &op->v_outer) &&
         reads_rows(plan, op, op->bias, 0, op->rows, op->keys, &op->bias_outer) &&
         reads_rows(plan, op, op->mask, 0, op->rows, op->keys, &op->mask_outer) &&
         writes(plan, op->y, plan->tensors[op->y].length) && distinct(4, shape, strides) &&
         within_rows(plan, op->y, op->y_first, shape, strides);
}

SMALL_CODE_END
