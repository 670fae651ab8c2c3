// Tensors that an operator may read and write, and its sums.

#include "checks.h"

SMALL_CODE

uint64_t volume(uint64_t a, uint64_t b, uint64_t c) {
  uint64_t ab = a * b; // both are below 2^31
  return ab > MAX_FLOATS ? ~0ull : ab * c;
}

bool known(const Plan *plan, uint32_t tensor) { return tensor < plan->header->tensors; }

bool reads(const Plan *plan, uint32_t tensor, uint64_t length) {
  if (!known(plan, tensor) || plan->tensors[tensor].length != length) return false;
  const Tensor *found = &plan->tensors[tensor];
  if (found->place == PLACE_PACKED_WEIGHT) return plan->packed_weights[found->offset].layout == PACKED_FLAT;
  return found->place != PLACE_SUMS;
}

bool reads_optional(const Plan *plan, uint32_t tensor, uint64_t length) {
  return tensor == ABSENT || reads(plan, tensor, length);
}

bool writes(const Plan *plan, uint32_t tensor, uint64_t length) {
  return known(plan, tensor) && plan->tensors[tensor].length == length && plan->tensors[tensor].place == PLACE_ARENA;
}

bool writes_pixels(const Plan *plan, uint32_t tensor, uint64_t pixels, uint32_t channels, uint32_t step, uint32_t residual) {
  if (!pixels || pixels > MAX_FLOATS || step < channels) return false;
  if (residual != ABSENT && (step != channels || !reads(plan, residual, volume(pixels, channels, 1)))) return false;
  return writes(plan, tensor, (pixels - 1) * step + channels);
}

bool gathers(const Plan *plan, uint32_t tensor, uint64_t length) {
  return known(plan, tensor) && plan->tensors[tensor].length == length && plan->tensors[tensor].place == PLACE_SUMS;
}

bool unpacked(const Plan *plan, uint32_t tensor, uint32_t layout, uint64_t groups, uint64_t inputs, uint64_t outputs) {
  if (!known(plan, tensor) || plan->tensors[tensor].place != PLACE_PACKED_WEIGHT) return false;
  const PackedWeight *packed = &plan->packed_weights[plan->tensors[tensor].offset];
  return packed->layout == layout && packed->groups == groups && packed->inputs == inputs && packed->outputs == outputs;
}

bool overlaps(const Plan *plan, uint32_t a, uint32_t b) {
  if (!known(plan, a) || !known(plan, b)) return false; // one is absent
  const Tensor *first = &plan->tensors[a], *second = &plan->tensors[b];
  if (first->place != PLACE_ARENA || second->place != PLACE_ARENA) return false;
  return first->offset < second->offset + second->length && second->offset < first->offset + first->length;
}

bool same_or_apart(const Plan *plan, uint32_t a, uint32_t b) {
  return !overlaps(plan, a, b) || plan->tensors[a].offset == plan->tensors[b].offset;
}

SMALL_CODE_END
