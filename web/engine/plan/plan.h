// The sections of a plan in memory. `converter/torch2web/plan/` writes plans, check*.c refuse invalid ones.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

// Absent optional tensor, weight or multiplier. A macro, as an enumerator over INT_MAX changes the type of its enumeration.
#define ABSENT 0xffffffffu

// Between these, code is optimised for size: of checks, which run once per instruction of a plan, it takes 600 bytes less of
// the module in brotli.
#ifdef __clang__
#define SMALL_CODE _Pragma("clang attribute push(__attribute__((minsize)), apply_to = function)")
#define SMALL_CODE_END _Pragma("clang attribute pop")
#else
#define SMALL_CODE
#define SMALL_CODE_END
#endif

typedef struct {
  const Header *header;
  const Tensor *tensors;
  const PackedWeight *packed_weights;
  const PackRule *pack_rules;
  const float *constants;
  const uint32_t *ops;
} Plan;

// Finds the sections in `length` bytes and checks all of their contents.
EngineCode plan_read(const uint8_t *bytes, uint32_t length, Plan *plan);
EngineCode plan_check_ops(const Plan *plan);

// Number of floats of a packed weight in float32.
uint64_t packed_floats(const PackedWeight *packed);

// Values of the transform of a tile in a layout of Winograd; 0 for others.
static inline uint32_t winograd_values(uint32_t layout) {
  return layout == PACKED_WINOGRAD2 ? 16 : layout == PACKED_WINOGRAD4 ? 36 : 0;
}
