// A plan in memory: where its sections begin. `converter/torch2web/plan/` writes plans, check*.c refuse what is none.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

// Absent optional tensor, weight or multiplier. A macro, as an enumerator over INT_MAX changes the type of its enumeration.
#define ABSENT 0xffffffffu

typedef struct {
  const Header *header;
  const Tensor *tensors;
  const PackedWeight *packed_weights;
  const PackRule *pack_rules;
  const float *constants;
  const uint32_t *ops;
} Plan;

// Finds the sections of `length` bytes and checks everything in them.
EngineCode plan_read(const uint8_t *bytes, uint32_t length, Plan *plan);
EngineCode plan_check_ops(const Plan *plan);

// Floats of a packed weight as float32.
uint64_t packed_floats(const PackedWeight *packed);
