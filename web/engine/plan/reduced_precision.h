// Packs weights of matrices that stay in reduced precision, in the layouts of StoredProduct.
#pragma once

#include "engine.h"

// Packs the stored values `first` to `first + count` that `rule` reads. The format is that of the rule's packed weight, not
// float32; for MATRIX_INT4 both numbers are even.
void pack_reduced_values(const PackRule *rule, uint32_t first, const uint8_t *bytes, uint32_t count);

// Stores scale number `index` of a weight in reduced precision, times the rule's multiplier if there is one. Does nothing
// for other weights.
void pack_reduced_scale(const PackRule *rule, const StoredWeight *weight, uint32_t index, float scale);

// `value` times the rule's multiplier of `output`, if it has multipliers.
static inline float multiplied(const PackRule *rule, float value, uint32_t output) {
  return rule->multiplier == ABSENT ? value : value * engine.plan.constants[rule->multiplier + output];
}
