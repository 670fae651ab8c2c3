// What the engine knows of the plan that it runs, between the calls. One plan at a time for each memory.
#pragma once

#include "plan.h"

// A weight as the file stores it; the numbers are those of `engine_store`.
typedef enum { STORED_FLOAT32, STORED_FLOAT16, STORED_INT8, STORED_INT4, STORED_FORMATS } StoredFormat;

enum { INT4_ROWS = 32 }; // that share a scale

typedef struct {
  uint32_t count;           // values; 0 where no pack rule reads it
  uint32_t format;          // StoredFormat, or STORED_FORMATS before `engine_store`
  uint32_t channels, inner; // the scale of value i of int8 is (i / inner) % channels; int4 has `channels` columns
  uint32_t scale;           // offset of its scales as float32
  uint32_t arrived, scaled; // bytes so far
} StoredWeight;

typedef struct {
  uint32_t offset;      // of its bytes
  uint32_t format;      // MatrixFormat, or MATRIX_FORMATS for float32
  uint32_t scale, bias; // offsets; only in reduced precision
} PlacedWeight;

typedef enum { STATE_EMPTY, STATE_CHECKED, STATE_PLACED, STATE_READY } EngineState;

// Offsets are from the plan, in bytes.
typedef struct {
  Plan plan;
  uint8_t *base; // the plan itself
  EngineState state;
  StoredWeight *weights;
  PlacedWeight *placed; // by number of the packed weight
  uint32_t arena, sums, scratch, scratch_bytes, stacks, total, threads;
  Barrier barrier;
} Engine;

extern Engine engine;

// Puts the constants of the plan into their packed weights, which are zero.
void unpack_constants(void);

uint64_t plan_scratch(const Plan *plan);
EngineCode engine_run(int32_t thread, int32_t threads);
