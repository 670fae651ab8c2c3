// Packs the weights of matrices that keep their stored reduced precision, in the layouts of RowProduct.
#pragma once

#include "engine.h"

// Values `first` to `first + count` of what `rule` reads, as the file stores them. The format is that of the rule's
// packed, not float32; of MATRIX_INT4 both numbers are even.
void pack_reduced_values(const PackRule *rule, uint32_t first, const uint8_t *bytes, uint32_t count);

// Scale number `index` of a weight that stays small, or that one's product with the rule's multiplier; of others nothing
// is kept here.
void pack_reduced_scale(const PackRule *rule, const StoredWeight *weight, uint32_t index, float scale);

// `value` with the rule's multiplier of `output`, where it has any.
static inline float multiplied(const PackRule *rule, float value, uint32_t output) {
  return rule->multiplier == ABSENT ? value : value * engine.plan.constants[rule->multiplier + output];
}
