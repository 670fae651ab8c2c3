// Input and output of each value that a pack rule reads, in order, advanced without divisions.
#pragma once

#include "engine.h"

enum { LAST_AXIS = PACK_RANK - 1 };

typedef struct {
  const PackRule *rule;
  uint32_t index[PACK_RANK];
  uint32_t input, output;
} Cursor;

static inline Cursor cursor_at(const PackRule *rule, uint32_t value) {
  Cursor cursor = {.rule = rule, .output = rule->first_output};
  for (int i = PACK_RANK; i-- > 0; value /= rule->sizes[i]) {
    cursor.index[i] = value % rule->sizes[i];
    cursor.input += cursor.index[i] * rule->input_strides[i];
    cursor.output += cursor.index[i] * rule->output_strides[i];
  }
  return cursor;
}

// Values from here to the end of the last axis, at most `most`: their inputs and outputs differ by that axis' strides.
static inline uint32_t cursor_run(const Cursor *cursor, uint32_t most) {
  uint32_t left = cursor->rule->sizes[LAST_AXIS] - cursor->index[LAST_AXIS];
  return left < most ? left : most;
}

// Advances by `run` values of the last axis.
static inline void cursor_skip(Cursor *cursor, uint32_t run) {
  const PackRule *rule = cursor->rule;
  uint32_t steps = run;
  for (int i = PACK_RANK; i-- > 0; steps = 1) {
    cursor->input += steps * rule->input_strides[i];
    cursor->output += steps * rule->output_strides[i];
    cursor->index[i] += steps;
    if (cursor->index[i] < rule->sizes[i]) return;
    cursor->index[i] = 0;
    cursor->input -= rule->sizes[i] * rule->input_strides[i];
    cursor->output -= rule->sizes[i] * rule->output_strides[i];
  }
}
