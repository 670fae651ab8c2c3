// Everything that a plan needs gets its place in one memory, behind the plan:
//
//   plan | weights' and slots' tables | slots | scales | arena | sums, by thread | scratch, by thread | stacks

#include "calls.h"
#include "stored.h"

Engine engine;

enum { ALIGNMENT = 64, STACK_BYTES = 65536 };
static const uint64_t MOST_BYTES = 0xfff00000u;

static uint64_t aligned(uint64_t at) { return (at + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

static uint64_t tables_end(const Header *header) {
  return aligned(header->bytes) + header->weights * sizeof(StoredWeight) + header->slots * sizeof(PlacedSlot);
}

static uint32_t record_count(const Record *record) {
  uint32_t count = 1;
  for (int i = 0; i < RECORD_RANK; i++) count *= record->sizes[i];
  return count;
}

// Every record of a stored weight reads all of it.
static bool count_weights(void) {
  const Header *header = engine.plan.header;
  for (uint32_t i = 0; i < header->weights; i++) engine.weights[i] = (StoredWeight){.form = STORED_FORMS};
  for (uint32_t i = 0; i < header->records; i++) {
    const Record *record = &engine.plan.records[i];
    if (record->weight == ABSENT) continue;
    uint32_t *count = &engine.weights[record->weight].count;
    if (*count && *count != record_count(record)) return false;
    *count = record_count(record);
  }
  return true;
}

EngineCode engine_check(uint8_t *plan, uint32_t length, uint32_t available) {
  engine = (Engine){.state = STATE_EMPTY};
  if (length > available) return ENGINE_TOO_LARGE;
  EngineCode code = plan_read(plan, length, &engine.plan);
  if (code) return code;
  if (tables_end(engine.plan.header) > available) return ENGINE_TOO_LARGE;
  engine.base = plan;
  engine.weights = (StoredWeight *)(void *)(plan + aligned(length));
  engine.slots = (PlacedSlot *)(void *)(engine.weights + engine.plan.header->weights);
  if (!count_weights()) return ENGINE_BAD_RECORD;
  engine.state = STATE_CHECKED;
  return ENGINE_OK;
}

uint32_t engine_weights(void) { return engine.state ? engine.plan.header->weights : 0; }
uint32_t engine_weight_length(uint32_t number) { return number < engine_weights() ? engine.weights[number].count : 0; }

EngineCode engine_store(uint32_t number, uint32_t form, uint32_t channels, uint32_t inner) {
  if (engine.state != STATE_CHECKED) return ENGINE_WRONG_STATE;
  if (number >= engine.plan.header->weights || form >= STORED_FORMS) return ENGINE_BAD_WEIGHT;
  StoredWeight *weight = &engine.weights[number];
  if (form == STORED_INT8 || form == STORED_INT4) {
    if (!channels || !inner || channels > MAX_FLOATS || inner > MAX_FLOATS) return ENGINE_BAD_WEIGHT;
    if (weight->count % ((uint64_t)channels * inner)) return ENGINE_BAD_WEIGHT;
  }
  if (form == STORED_INT4 && (channels % 2 || weight->count % ((uint64_t)channels * INT4_ROWS))) return ENGINE_BAD_WEIGHT;
  weight->form = form;
  weight->channels = channels;
  weight->inner = inner;
  return ENGINE_OK;
}

uint32_t engine_stored_bytes(uint32_t number) {
  if (number >= engine_weights() || engine.weights[number].form == STORED_FORMS) return 0;
  return (uint32_t)stored_bytes(&engine.weights[number]);
}

uint32_t engine_stored_scales(uint32_t number) {
  if (number >= engine_weights() || engine.weights[number].form == STORED_FORMS) return 0;
  return (uint32_t)stored_scales(&engine.weights[number]);
}

// ---- matrices -------------------------------------------------------------------------------------------------

// Rows are inputs and columns outputs, as the kept forms are made from.
static bool is_plain_matrix(const Record *record) {
  for (int i = 0; i < RECORD_RANK - 2; i++) {
    if (record->sizes[i] != 1) return false;
  }
  return record->input_strides[RECORD_RANK - 2] == 1 && record->output_strides[RECORD_RANK - 2] == 0 &&
         record->input_strides[RECORD_RANK - 1] == 0 && record->output_strides[RECORD_RANK - 1] == 1;
}

// The small form in which a stored weight can stay, or MATRIX_FORMATS.
static uint32_t kept_format(const Record *record) {
  const Slot *slot = &engine.plan.slots[record->slot];
  const StoredWeight *weight = &engine.weights[record->weight];
  uint32_t columns = record->sizes[RECORD_RANK - 1];
  switch (weight->form) {
    case STORED_FLOAT16: return record->multiplier == ABSENT ? MATRIX_FLOAT16 : MATRIX_FORMATS;
    case STORED_INT8: {
      bool by_output = is_plain_matrix(record) && weight->channels == columns && weight->inner == 1;
      return by_output ? MATRIX_INT8 : MATRIX_FORMATS;
    }
    case STORED_INT4: {
      bool whole = is_plain_matrix(record) && weight->channels == columns && columns % 2 == 0 &&
                   record->first_output % 8 == 0 && slot->inputs % INT4_ROWS == 0 &&
                   record->sizes[RECORD_RANK - 2] == slot->inputs;
      return whole ? MATRIX_INT4 : MATRIX_FORMATS;
    }
    default: return MATRIX_FORMATS;
  }
}

// One form for all parts of a matrix: float32 where they have several.
static uint32_t matrix_format(uint32_t slot) {
  uint32_t format = MATRIX_FORMATS;
  bool first = true;
  for (uint32_t i = 0; i < engine.plan.header->records; i++) {
    const Record *record = &engine.plan.records[i];
    if (record->slot != slot || record->is_bias) continue;
    uint32_t found = record->weight == ABSENT ? MATRIX_FORMATS : kept_format(record);
    if (!first && found != format) return MATRIX_FORMATS;
    format = found;
    first = false;
  }
  return format;
}

// Moves `at` over the slot.
static void place_slot(uint32_t number, uint64_t *at) {
  const Slot *slot = &engine.plan.slots[number];
  PlacedSlot *placed = &engine.slots[number];
  *placed = (PlacedSlot){.format = slot->kind == SLOT_MATRIX ? matrix_format(number) : MATRIX_FORMATS};
  placed->offset = (uint32_t)*at;
  if (placed->format == MATRIX_FORMATS) {
    *at = aligned(*at + 4 * slot_floats(slot));
    return;
  }
  *at = aligned(*at + matrix_bytes((int32_t)placed->format, (int32_t)slot->inputs, (int32_t)slot->outputs));
  uint64_t row = aligned(4ull * ((slot->outputs + 7) / 8 * 8));
  placed->scale = (uint32_t)*at;
  placed->bias = (uint32_t)(*at + row);
  *at += 2 * row;
}

// ---- memory ---------------------------------------------------------------------------------------------------

static EngineCode lay_out(uint32_t threads) {
  const Header *header = engine.plan.header;
  uint64_t at = aligned(tables_end(header));
  for (uint32_t i = 0; i < header->slots; i++) {
    place_slot(i, &at);
    if (at > MOST_BYTES) return ENGINE_TOO_LARGE;
  }
  for (uint32_t i = 0; i < header->weights; i++) {
    engine.weights[i].scale = (uint32_t)at;
    at = aligned(at + 4 * stored_scales(&engine.weights[i]));
    if (at > MOST_BYTES) return ENGINE_TOO_LARGE;
  }
  uint64_t scratch = aligned(plan_scratch(&engine.plan));
  if (scratch > MOST_BYTES) return ENGINE_TOO_LARGE;
  uint64_t arena = at, sums = aligned(arena + 4ull * header->arena);
  uint64_t scratches = aligned(sums + 4ull * header->sums * threads);
  uint64_t stacks = scratches + scratch * threads;
  uint64_t total = stacks + (uint64_t)(threads - 1) * STACK_BYTES;
  if (total > MOST_BYTES) return ENGINE_TOO_LARGE;
  engine.arena = (uint32_t)arena;
  engine.sums = (uint32_t)sums;
  engine.scratch = (uint32_t)scratches;
  engine.scratch_bytes = (uint32_t)scratch;
  engine.stacks = (uint32_t)stacks;
  engine.total = (uint32_t)total;
  engine.threads = threads;
  return ENGINE_OK;
}

uint32_t engine_size(uint32_t threads) {
  if (engine.state != STATE_CHECKED || !threads || threads > MAX_THREADS) return 0;
  for (uint32_t i = 0; i < engine.plan.header->weights; i++) {
    if (engine.weights[i].count && engine.weights[i].form == STORED_FORMS) return 0;
  }
  return lay_out(threads) ? 0 : engine.total;
}

EngineCode engine_place(uint32_t available, uint32_t threads) {
  if (!engine_size(threads)) return ENGINE_WRONG_STATE;
  if (engine.total > available) return ENGINE_TOO_LARGE;
  uint32_t *words = (uint32_t *)(void *)engine.base;
  uint64_t first = aligned(tables_end(engine.plan.header));
  for (uint64_t at = first / 4; at < engine.total / 4; at++) words[at] = 0;
  for (uint32_t i = 0; i < engine.plan.header->weights; i++) engine.weights[i].arrived = engine.weights[i].scaled = 0;
  engine.state = STATE_PLACED;
  unpack_constants();
  return ENGINE_OK;
}

// Where memory is free in a new instance: for the plan.
uint8_t *engine_base(void) {
#ifdef __wasm__
  extern uint8_t __heap_base;
  return (uint8_t *)(uintptr_t)aligned((uintptr_t)&__heap_base);
#else
  return NULL;
#endif
}

// Where the stack of a thread other than 0 begins, growing down: for `__stack_pointer` of its instance.
uint8_t *engine_stack(uint32_t thread) {
  if (engine.state < STATE_PLACED || !thread || thread >= engine.threads) return NULL;
  return engine.base + engine.stacks + (uint64_t)thread * STACK_BYTES;
}

// The arena and what follows it are free until the first run.
uint8_t *engine_staging(void) { return engine.state == STATE_PLACED ? engine.base + engine.arena : NULL; }
uint32_t engine_staging_bytes(void) { return engine.state == STATE_PLACED ? engine.total - engine.arena : 0; }

EngineCode engine_ready(void) {
  if (engine.state != STATE_PLACED) return ENGINE_WRONG_STATE;
  for (uint32_t i = 0; i < engine.plan.header->weights; i++) {
    const StoredWeight *weight = &engine.weights[i];
    if (weight->count && weight->arrived != stored_bytes(weight)) return ENGINE_INCOMPLETE;
  }
  engine.state = STATE_READY;
  return ENGINE_OK;
}

float *engine_input(void) { return engine.state == STATE_READY ? tensor_at(engine.plan.header->input) : NULL; }
float *engine_output(void) { return engine.state == STATE_READY ? tensor_at(engine.plan.header->output) : NULL; }
uint32_t engine_input_length(void) { return engine.state ? engine.plan.tensors[engine.plan.header->input].length : 0; }
uint32_t engine_output_length(void) { return engine.state ? engine.plan.tensors[engine.plan.header->output].length : 0; }
