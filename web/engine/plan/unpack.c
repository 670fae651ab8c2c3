// Packs stored weights for the kernels, range by range as they arrive, so that only one range is in memory twice.

#include "bytes.h"
#include "cursor.h"
#include "reduced_precision.h"
#include "stored.h"
#include "winograd.h"

enum { CHUNK = 256 }; // values decoded at once

// Index of the weight of `output` and input 0. Consecutive inputs are `panel_width` floats apart.
static uint64_t column_position(const PackedWeight *packed, uint32_t panel_width, uint32_t output, bool is_bias) {
  uint32_t group = packed->groups == 1 ? 0 : output / packed->outputs, column = output - group * packed->outputs;
  uint64_t panel = (uint64_t)group * ((packed->outputs + panel_width - 1) / panel_width) + column / panel_width;
  return (panel * ((uint64_t)packed->inputs + 1) + !is_bias) * panel_width + column % panel_width;
}

// A run of values along the last axis of a rule, of one output or of one input.
static void place_run(const Cursor *cursor, float *out, const float *values, uint32_t count) {
  const PackRule *rule = cursor->rule;
  const PackedWeight *packed = &engine.plan.packed_weights[rule->packed_weight];
  const uint32_t input_step = rule->input_strides[LAST_AXIS], output_step = rule->output_strides[LAST_AXIS];
  const uint32_t width = packed->layout == PACKED_FLAT ? 1 : packed->layout == PACKED_PANELS4 ? 4 : 8;
  if (output_step == 0) {
    float factor = multiplied(rule, 1, cursor->output);
    uint64_t start = width == 1 ? 0 : column_position(packed, width, cursor->output, rule->is_bias);
    out += start + (uint64_t)cursor->input * width;
    for (uint32_t i = 0; i < count; i++) out[(uint64_t)i * input_step * width] = values[i] * factor;
    return;
  }
  for (uint32_t i = 0; i < count; i++) {
    uint32_t output = cursor->output + i * output_step;
    uint64_t start = width == 1 ? 0 : column_position(packed, width, output, rule->is_bias);
    out[start + (uint64_t)(cursor->input + i * input_step) * width] = multiplied(rule, values[i], output);
  }
}

// Biases of a reduced-precision matrix, which are stored separately.
static void place_small_biases(const Cursor *cursor, float *out, const float *values, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    uint32_t output = cursor->output + i * cursor->rule->output_strides[LAST_AXIS];
    out[output] = multiplied(cursor->rule, values[i], output);
  }
}

// Packs values `first` to `first + count` that `rule` reads, as float32.
static void scatter(const PackRule *rule, uint32_t first, const float *values, uint32_t count) {
  const PlacedWeight *placed = &engine.placed[rule->packed_weight];
  bool small = placed->format != MATRIX_FORMATS; // then only biases get here
  float *out = (float *)(void *)(engine.base + (small ? placed->bias : placed->offset));
  Cursor cursor = cursor_at(rule, first);
  while (count > 0) {
    uint32_t run = cursor_run(&cursor, count);
    if (small) place_small_biases(&cursor, out, values, run);
    else place_run(&cursor, out, values, run);
    cursor_skip(&cursor, run);
    values += run;
    count -= run;
  }
}

void unpack_constants(void) {
  const Plan *plan = &engine.plan;
  for (uint32_t i = 0; i < plan->header->pack_rules; i++) {
    const PackRule *rule = &plan->pack_rules[i];
    if (rule->weight != ABSENT) continue;
    uint32_t count = 1;
    for (int j = 0; j < PACK_RANK; j++) count *= rule->sizes[j];
    scatter(rule, 0, plan->constants + rule->constant, count);
  }
}

void transform_weights(void) {
  const Plan *plan = &engine.plan;
  for (uint32_t i = 0; i < plan->header->packed_weights; i++) {
    const PackedWeight *packed = &plan->packed_weights[i];
    const uint32_t values = winograd_values(packed->layout);
    if (!values) continue;
    const uint32_t channels = packed->inputs / values - 1, panels = packed->groups * ((packed->outputs + 7) / 8);
    float *weights = (float *)(void *)(engine.base + engine.placed[i].offset);
    winograd_weights(values == 16 ? 2 : 4, (int32_t)channels, (int32_t)panels, weights);
  }
}

static void unpack_into(const PackRule *rule, const StoredWeight *weight, uint32_t first, const uint8_t *bytes,
                        uint32_t count) {
  if (!rule->is_bias && engine.placed[rule->packed_weight].format != MATRIX_FORMATS) {
    pack_reduced_values(rule, first, bytes, count);
    return;
  }
  float values[CHUNK];
  for (uint32_t done = 0; done < count;) {
    uint32_t now = count - done < CHUNK ? count - done : CHUNK;
    decode_stored(weight, first + done, bytes, now, values);
    scatter(rule, first + done, values, now);
    done += now;
    StoredWeight size = {.format = weight->format, .count = now};
    bytes += stored_bytes(&size);
  }
}

// Whether `length` bytes from `first` are whole units, and the next ones expected of `total`.
static bool follows(uint32_t arrived, uint32_t first, uint32_t length, uint64_t total, uint32_t unit) {
  return first == arrived && length % unit == 0 && (uint64_t)first + length <= total;
}

EngineCode engine_unpack(uint32_t number, uint32_t first, const uint8_t *bytes, uint32_t length) {
  if (engine.state < STATE_PLACED) return ENGINE_WRONG_STATE;
  if (number >= engine.plan.header->weights) return ENGINE_BAD_WEIGHT;
  StoredWeight *weight = &engine.weights[number];
  uint32_t unit = weight->format == STORED_FLOAT32 ? 4 : weight->format == STORED_FLOAT16 ? 2 : 1;
  if (!follows(weight->arrived, first, length, stored_bytes(weight), unit)) return ENGINE_BAD_WEIGHT;
  if (weight->scaled != 4 * stored_scales(weight)) return ENGINE_WRONG_STATE;
  uint32_t begin = weight->format == STORED_INT4 ? first * 2 : first / unit;
  uint32_t count = weight->format == STORED_INT4 ? length * 2 : length / unit;
  for (uint32_t i = 0; i < engine.plan.header->pack_rules && weight->count; i++) {
    const PackRule *rule = &engine.plan.pack_rules[i];
    if (rule->weight == number) unpack_into(rule, weight, begin, bytes, count);
  }
  weight->arrived += length;
  return ENGINE_OK;
}

EngineCode engine_scale(uint32_t number, uint32_t first, const uint8_t *bytes, uint32_t length) {
  if (engine.state < STATE_PLACED) return ENGINE_WRONG_STATE;
  if (number >= engine.plan.header->weights) return ENGINE_BAD_WEIGHT;
  StoredWeight *weight = &engine.weights[number];
  uint32_t unit = weight->format == STORED_INT8 ? 4 : 2;
  uint32_t begin = weight->scaled / 4; // `scaled` counts float32, as stored in memory
  if (!follows(begin * unit, first, length, stored_scales(weight) * unit, unit)) return ENGINE_BAD_WEIGHT;
  float *scales = (float *)(void *)(engine.base + weight->scale);
  for (uint32_t i = 0; i < length / unit; i++) {
    const uint8_t *from = bytes + i * unit;
    if (unit == 4) copy_bytes(&scales[begin + i], from, 4);
    else decode_halves(from, 1, &scales[begin + i]);
    for (uint32_t j = 0; j < engine.plan.header->pack_rules; j++) {
      const PackRule *rule = &engine.plan.pack_rules[j];
      if (rule->weight == number && !rule->is_bias) pack_reduced_scale(rule, weight, begin + i, scales[begin + i]);
    }
  }
  weight->scaled += length / unit * 4;
  return ENGINE_OK;
}
