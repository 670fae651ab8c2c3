// Where the values of a record go, in their order, counted on without divisions.
#pragma once

#include "engine.h"

enum { LAST_AXIS = RECORD_RANK - 1 };

typedef struct {
  const Record *record;
  uint32_t index[RECORD_RANK];
  uint32_t input, output;
} Cursor;

static inline Cursor cursor_at(const Record *record, uint32_t value) {
  Cursor cursor = {.record = record, .output = record->first_output};
  for (int i = RECORD_RANK; i-- > 0; value /= record->sizes[i]) {
    cursor.index[i] = value % record->sizes[i];
    cursor.input += cursor.index[i] * record->input_strides[i];
    cursor.output += cursor.index[i] * record->output_strides[i];
  }
  return cursor;
}

// Values from here on along the last axis, at most `most`: their inputs and outputs are that axis' strides apart.
static inline uint32_t cursor_run(const Cursor *cursor, uint32_t most) {
  uint32_t left = cursor->record->sizes[LAST_AXIS] - cursor->index[LAST_AXIS];
  return left < most ? left : most;
}

// Goes on by `run` values of the last axis.
static inline void cursor_skip(Cursor *cursor, uint32_t run) {
  const Record *record = cursor->record;
  uint32_t steps = run;
  for (int i = RECORD_RANK; i-- > 0; steps = 1) {
    cursor->input += steps * record->input_strides[i];
    cursor->output += steps * record->output_strides[i];
    cursor->index[i] += steps;
    if (cursor->index[i] < record->sizes[i]) return;
    cursor->index[i] = 0;
    cursor->input -= record->sizes[i] * record->input_strides[i];
    cursor->output -= record->sizes[i] * record->output_strides[i];
  }
}
