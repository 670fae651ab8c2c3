// Lays out all data of a plan in one memory, after the plan:
//
//   plan | tables of stored and packed weights | packed weights | scales | arena | sums, by thread | scratch, by thread |
//   stacks

#include "calls.h"
#include "stored.h"

Engine engine;

enum { ALIGNMENT = 64, STACK_BYTES = 65536 };
static const uint64_t MAX_BYTES = 0xfff00000u;

static uint64_t aligned(uint64_t at) { return (at + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

static uint64_t tables_end(const Header *header) {
  return aligned(header->bytes) + header->weights * sizeof(StoredWeight) + header->packed_weights * sizeof(PlacedWeight);
}

static uint32_t value_count(const PackRule *rule) {
  uint32_t count = 1;
  for (int i = 0; i < PACK_RANK; i++) count *= rule->sizes[i];
  return count;
}

// Every pack rule of a stored weight reads all of it.
static bool count_weights(void) {
  const Header *header = engine.plan.header;
  for (uint32_t i = 0; i < header->weights; i++) engine.weights[i] = (StoredWeight){.format = STORED_FORMATS};
  for (uint32_t i = 0; i < header->pack_rules; i++) {
    const PackRule *rule = &engine.plan.pack_rules[i];
    if (rule->weight == ABSENT) continue;
    uint32_t *count = &engine.weights[rule->weight].count;
    if (*count && *count != value_count(rule)) return false;
    *count = value_count(rule);
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
  engine.placed = (PlacedWeight *)(void *)(engine.weights + engine.plan.header->weights);
  if (!count_weights()) return ENGINE_BAD_PACK_RULE;
  engine.state = STATE_CHECKED;
  return ENGINE_OK;
}

uint32_t engine_weights(void) { return engine.state ? engine.plan.header->weights : 0; }
uint32_t engine_weight_length(uint32_t number) { return number < engine_weights() ? engine.weights[number].count : 0; }

EngineCode engine_store(uint32_t number, uint32_t format, uint32_t channels, uint32_t inner) {
  if (engine.state != STATE_CHECKED) return ENGINE_WRONG_STATE;
  if (number >= engine.plan.header->weights || format >= STORED_FORMATS) return ENGINE_BAD_WEIGHT;
  StoredWeight *weight = &engine.weights[number];
  if (format == STORED_INT8 || format == STORED_INT4) {
    if (!channels || !inner || channels > MAX_FLOATS || inner > MAX_FLOATS) return ENGINE_BAD_WEIGHT;
    if (weight->count % ((uint64_t)channels * inner)) return ENGINE_BAD_WEIGHT;
  }
  if (format == STORED_INT4 && (channels % 2 || weight->count % ((uint64_t)channels * INT4_ROWS))) return ENGINE_BAD_WEIGHT;
  weight->format = format;
  weight->channels = channels;
  weight->inner = inner;
  return ENGINE_OK;
}

uint32_t engine_stored_bytes(uint32_t number) {
  if (number >= engine_weights() || engine.weights[number].format == STORED_FORMATS) return 0;
  return (uint32_t)stored_bytes(&engine.weights[number]);
}

uint32_t engine_stored_scales(uint32_t number) {
  if (number >= engine_weights() || engine.weights[number].format == STORED_FORMATS) return 0;
  return (uint32_t)stored_scales(&engine.weights[number]);
}

// ---- matrices -------------------------------------------------------------------------------------------------

// Rows are inputs and columns outputs, as reduced-precision formats store them; or the other way round if `transposed`.
static bool is_plain_matrix(const PackRule *rule, bool transposed) {
  for (int i = 0; i < PACK_RANK - 2; i++) {
    if (rule->sizes[i] != 1) return false;
  }
  const int input = PACK_RANK - 2 + transposed, output = PACK_RANK - 1 - transposed;
  return rule->input_strides[input] == 1 && rule->output_strides[input] == 0 && rule->input_strides[output] == 0 &&
         rule->output_strides[output] == 1;
}

// With one scale for each output, or for each input of a matrix in one part.
static uint32_t int8_format(const PackRule *rule, const StoredWeight *weight) {
  const PackedWeight *packed = &engine.plan.packed_weights[rule->packed_weight];
  const uint32_t rows = rule->sizes[PACK_RANK - 2], columns = rule->sizes[PACK_RANK - 1];
  const bool by_row = weight->channels == rows && weight->inner == columns;
  if (is_plain_matrix(rule, true)) return by_row ? MATRIX_INT8 : MATRIX_FORMATS;
  if (!is_plain_matrix(rule, false)) return MATRIX_FORMATS;
  if (weight->channels == columns && weight->inner == 1) return MATRIX_INT8;
  const bool whole = columns == packed->outputs && rows == packed->inputs && rule->multiplier == ABSENT;
  return by_row && whole ? MATRIX_INT8_BY_INPUT : MATRIX_FORMATS;
}

// The reduced-precision format that a stored weight can keep, or MATRIX_FORMATS for float32.
static uint32_t reduced_format(const PackRule *rule) {
  const PackedWeight *packed = &engine.plan.packed_weights[rule->packed_weight];
  const StoredWeight *weight = &engine.weights[rule->weight];
  uint32_t columns = rule->sizes[PACK_RANK - 1];
  switch (weight->format) {
    // MATRIX_FLOAT16 as soon as a value arrives that needs it.
    case STORED_FLOAT16: return rule->multiplier == ABSENT ? MATRIX_SHIFTED16 : MATRIX_FORMATS;
    case STORED_INT8: return int8_format(rule, weight);
    case STORED_INT4: {
      bool whole = is_plain_matrix(rule, false) && weight->channels == columns && columns % 2 == 0 &&
                   rule->first_output % 8 == 0 && packed->inputs % INT4_ROWS == 0 &&
                   rule->sizes[PACK_RANK - 2] == packed->inputs;
      return whole ? MATRIX_INT4 : MATRIX_FORMATS;
    }
    default: return MATRIX_FORMATS;
  }
}

// One format for all parts of a matrix: float32 where they differ.
static uint32_t matrix_format(uint32_t number) {
  uint32_t format = MATRIX_FORMATS;
  bool first = true;
  for (uint32_t i = 0; i < engine.plan.header->pack_rules; i++) {
    const PackRule *rule = &engine.plan.pack_rules[i];
    if (rule->packed_weight != number || rule->is_bias) continue;
    uint32_t found = rule->weight == ABSENT ? MATRIX_FORMATS : reduced_format(rule);
    if (!first && found != format) return MATRIX_FORMATS;
    format = found;
    first = false;
  }
  return format;
}

// Advances `at` by the packed weight's bytes.
static void place_packed_weight(uint32_t number, uint64_t *at) {
  const PackedWeight *packed = &engine.plan.packed_weights[number];
  PlacedWeight *placed = &engine.placed[number];
  *placed = (PlacedWeight){.format = packed->layout == PACKED_MATRIX ? matrix_format(number) : MATRIX_FORMATS};
  placed->offset = (uint32_t)*at;
  if (placed->format == MATRIX_FORMATS) {
    *at = aligned(*at + 4 * packed_floats(packed));
    return;
  }
  *at = aligned(*at + matrix_bytes((int32_t)placed->format, (int32_t)packed->inputs, (int32_t)packed->outputs));
  const uint64_t biases = aligned(4ull * ((packed->outputs + 7) / 8 * 8));
  placed->bias = (uint32_t)*at;
  placed->scale = (uint32_t)(*at + biases);
  *at += biases + (placed->format == MATRIX_INT8_BY_INPUT ? aligned(4ull * packed->inputs) : biases);
}

// ---- memory ---------------------------------------------------------------------------------------------------

static EngineCode lay_out(uint32_t threads) {
  const Header *header = engine.plan.header;
  uint64_t at = aligned(tables_end(header));
  for (uint32_t i = 0; i < header->packed_weights; i++) {
    place_packed_weight(i, &at);
    if (at > MAX_BYTES) return ENGINE_TOO_LARGE;
  }
  for (uint32_t i = 0; i < header->weights; i++) {
    engine.weights[i].scale = (uint32_t)at;
    at = aligned(at + 4 * stored_scales(&engine.weights[i]));
    if (at > MAX_BYTES) return ENGINE_TOO_LARGE;
  }
  uint64_t scratch = aligned(plan_scratch(&engine.plan));
  if (scratch > MAX_BYTES) return ENGINE_TOO_LARGE;
  uint64_t arena = at, sums = aligned(arena + 4ull * header->arena);
  uint64_t scratches = aligned(sums + 4ull * header->sums * threads);
  uint64_t stacks = scratches + scratch * threads;
  uint64_t total = stacks + (uint64_t)(threads - 1) * STACK_BYTES;
  if (total > MAX_BYTES) return ENGINE_TOO_LARGE;
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
    if (engine.weights[i].count && engine.weights[i].format == STORED_FORMATS) return 0;
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
  transform_weights();
  engine.state = STATE_READY;
  return ENGINE_OK;
}

float *engine_input(void) { return engine.state == STATE_READY ? tensor_at(engine.plan.header->input) : NULL; }
float *engine_output(void) { return engine.state == STATE_READY ? tensor_at(engine.plan.header->output) : NULL; }
uint32_t engine_input_length(void) { return engine.state ? engine.plan.tensors[engine.plan.header->input].length : 0; }
uint32_t engine_output_length(void) { return engine.state ? engine.plan.tensors[engine.plan.header->output].length : 0; }
