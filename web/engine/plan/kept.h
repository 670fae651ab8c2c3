// Matrices that stay in their small form, as RowProduct reads them.
#pragma once

#include "engine.h"

// Values `first` to `first + count` of what `record` reads, as the file stores them. The format is that of the record's
// slot, not float32; of MATRIX_INT4 both numbers are even.
void keep_values(const Record *record, uint32_t first, const uint8_t *bytes, uint32_t count);

// Scale number `index` of a weight that stays small, or that one's product with the record's multiplier; of others nothing
// is kept here.
void keep_scale(const Record *record, const StoredWeight *weight, uint32_t index, float scale);

// `value` with the record's multiplier of `output`, where it has any.
static inline float multiplied(const Record *record, float value, uint32_t output) {
  return record->multiplier == ABSENT ? value : value * engine.plan.constants[record->multiplier + output];
}
