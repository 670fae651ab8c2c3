// State of the engine between calls. One plan at a time for each memory.
#pragma once

#include "plan.h"

enum { INT4_ROWS = 32 }; // rows that share a scale

// A weight as the file stores it.
typedef struct {
  uint32_t count;           // values; 0 where no pack rule reads it
  uint32_t format;          // StoredFormat, or STORED_FORMATS before `engine_store`
  uint32_t channels, inner; // the scale of value i of int8 is (i / inner) % channels; int4 has `channels` columns
  uint32_t scale;           // offset of its scales as float32
  uint32_t arrived, scaled; // bytes of values and of scales received so far
} StoredWeight;

typedef struct {
  uint32_t offset;      // of its first byte
  uint32_t format;      // MatrixFormat, or MATRIX_FORMATS for float32
  uint32_t scale, bias; // offsets; only in reduced precision
} PlacedWeight;

typedef enum { STATE_EMPTY, STATE_CHECKED, STATE_PLACED, STATE_READY } EngineState;

// Offsets are in bytes, relative to the plan.
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

// Copies the plan's constants into their packed weights, which have to be zero before.
void unpack_constants(void);

// Transforms the packed weights of Winograd, once all of their values are there.
void transform_weights(void);

uint64_t plan_scratch(const Plan *plan);
EngineCode engine_run(int32_t thread, int32_t threads);
