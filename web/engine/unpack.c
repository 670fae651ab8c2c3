// Stored weights become what the kernels read, range by range as they arrive: nothing but the range is held twice.
//
// To the bits of `converter/encodings.py`: at most one multiplication for each value, and one by a folded
// BatchNormalization.

#include "engine.h"

enum { CHUNK = 256 }; // values decoded at once

void copy_bytes(void *to, const void *from, uint64_t count) {
  uint8_t *out = to;
  const uint8_t *in = from;
  for (uint64_t i = 0; i < count; i++) out[i] = in[i];
}

static float half_to_float(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 1023;
  union {
    uint32_t bits;
    float value;
  } out;
  if (exponent == 0) {
    float value = (float)fraction * 0x1p-24f;
    return sign ? -value : value;
  }
  out.bits = sign | (exponent == 31 ? 0x7f800000 : (exponent + 112) << 23) | fraction << 13;
  return out.value;
}

uint64_t stored_bytes(const StoredWeight *weight) {
  switch (weight->form) {
    case STORED_FLOAT32: return 4ull * weight->count;
    case STORED_FLOAT16: return 2ull * weight->count;
    case STORED_INT8: return weight->count;
    default: return weight->count / 2;
  }
}

uint64_t stored_scales(const StoredWeight *weight) {
  if (weight->form == STORED_INT8) return weight->channels;
  return weight->form == STORED_INT4 ? weight->count / INT4_ROWS : 0;
}

static uint64_t panel_position(const Slot *slot, uint32_t width, uint32_t input, uint32_t output, bool is_bias) {
  uint32_t group = output / slot->outputs, column = output % slot->outputs;
  uint64_t panel = (uint64_t)group * ((slot->outputs + width - 1) / width) + column / width;
  return (panel * ((uint64_t)slot->inputs + 1) + (is_bias ? 0 : 1 + (uint64_t)input)) * width + column % width;
}

uint64_t slot_position(const Slot *slot, uint32_t input, uint32_t output, bool is_bias) {
  if (slot->kind == SLOT_FLAT) return input;
  return panel_position(slot, slot->kind == SLOT_PANELS4 ? 4 : 8, input, output, is_bias);
}

// Where the record's value number `index` goes, counted on from there without divisions.
typedef struct {
  const Record *record;
  uint32_t index[RECORD_RANK];
  uint32_t input, output;
} Cursor;

static Cursor cursor_at(const Record *record, uint32_t value) {
  Cursor cursor = {.record = record, .output = record->first_output};
  for (int i = RECORD_RANK; i-- > 0; value /= record->sizes[i]) {
    cursor.index[i] = value % record->sizes[i];
    cursor.input += cursor.index[i] * record->input_strides[i];
    cursor.output += cursor.index[i] * record->output_strides[i];
  }
  return cursor;
}

static inline void advance(Cursor *cursor) {
  const Record *record = cursor->record;
  for (int i = RECORD_RANK; i-- > 0;) {
    cursor->input += record->input_strides[i];
    cursor->output += record->output_strides[i];
    if (++cursor->index[i] < record->sizes[i]) return;
    cursor->index[i] = 0;
    cursor->input -= record->sizes[i] * record->input_strides[i];
    cursor->output -= record->sizes[i] * record->output_strides[i];
  }
}

static float multiplied(const Record *record, float value, uint32_t output) {
  return record->multiplier == ABSENT ? value : value * engine.plan.constants[record->multiplier + output];
}

// Values `first` to `first + count` of what `record` reads, as float32.
static void scatter(const Record *record, uint32_t first, const float *values, uint32_t count) {
  const Slot *slot = &engine.plan.slots[record->slot];
  const PlacedSlot *placed = &engine.slots[record->slot];
  bool small = placed->format != MATRIX_FORMATS; // then only biases come here
  float *out = (float *)(void *)(engine.base + (small ? placed->bias : placed->offset));
  Cursor cursor = cursor_at(record, first);
  for (uint32_t i = 0; i < count; i++, advance(&cursor)) {
    uint64_t at = small ? cursor.output : slot_position(slot, cursor.input, cursor.output, record->is_bias);
    out[at] = multiplied(record, values[i], cursor.output);
  }
}

void unpack_constants(void) {
  const Plan *plan = &engine.plan;
  for (uint32_t i = 0; i < plan->header->records; i++) {
    const Record *record = &plan->records[i];
    if (record->weight != ABSENT) continue;
    uint32_t count = 1;
    for (int j = 0; j < RECORD_RANK; j++) count *= record->sizes[j];
    scatter(record, 0, plan->constants + record->constant, count);
  }
}

// ---- matrices that stay in their small form -------------------------------------------------------------------

static void keep_int8(const Record *record, uint32_t first, const uint8_t *bytes, uint32_t count) {
  const Slot *slot = &engine.plan.slots[record->slot];
  uint8_t *out = engine.base + engine.slots[record->slot].offset;
  Cursor cursor = cursor_at(record, first);
  for (uint32_t i = 0; i < count; i++, advance(&cursor)) {
    uint64_t panel = cursor.output / 8;
    out[(panel * slot->inputs + cursor.input) * 8 + cursor.output % 8] = bytes[i];
  }
}

static void keep_float16(const Record *record, uint32_t first, const uint8_t *bytes, uint32_t count) {
  const Slot *slot = &engine.plan.slots[record->slot];
  uint8_t *out = engine.base + engine.slots[record->slot].offset;
  Cursor cursor = cursor_at(record, first);
  for (uint32_t i = 0; i < count; i++, advance(&cursor)) {
    uint64_t at = ((uint64_t)(cursor.output / 8) * slot->inputs + cursor.input) * 8 + cursor.output % 8;
    out[2 * at] = bytes[2 * i];
    out[2 * at + 1] = bytes[2 * i + 1];
  }
}

// The block of 32 inputs and 8 outputs in which a value is: its scales, then its nibbles.
static uint8_t *int4_block(const Record *record, uint32_t input, uint32_t output) {
  const Slot *slot = &engine.plan.slots[record->slot];
  uint64_t block = (uint64_t)(output / 8) * (slot->inputs / INT4_ROWS) + input / INT4_ROWS;
  return engine.base + engine.slots[record->slot].offset + block * (32 + 128);
}

// `first` and `count` are of values, and even.
static void keep_int4(const Record *record, uint32_t first, const uint8_t *bytes, uint32_t count) {
  Cursor cursor = cursor_at(record, first);
  for (uint32_t i = 0; i < count; i += 2) {
    uint8_t *block = int4_block(record, cursor.input, cursor.output);
    block[32 + cursor.input % INT4_ROWS * 4 + cursor.output % 8 / 2] = bytes[i / 2];
    advance(&cursor);
    advance(&cursor);
  }
}

static void keep_scale(const Record *record, const StoredWeight *weight, uint32_t index, float scale) {
  const PlacedSlot *placed = &engine.slots[record->slot];
  if (placed->format == MATRIX_INT8) {
    // Only weights with one scale for each output are kept: see `matrix_format`.
    uint32_t output = record->first_output + index;
    ((float *)(void *)(engine.base + placed->scale))[output] = multiplied(record, scale, output);
  } else if (placed->format == MATRIX_INT4) {
    uint32_t output = record->first_output + index % weight->channels;
    uint32_t input = index / weight->channels * INT4_ROWS;
    ((float *)(void *)int4_block(record, input, output))[output % 8] = multiplied(record, scale, output);
  }
}

// ---- ranges ---------------------------------------------------------------------------------------------------

static void decode(const StoredWeight *weight, uint32_t first, const uint8_t *bytes, uint32_t count, float *out) {
  const float *scales = (const float *)(const void *)(engine.base + weight->scale);
  switch (weight->form) {
    case STORED_FLOAT32:
      copy_bytes(out, bytes, 4ull * count);
      break;
    case STORED_FLOAT16:
      for (uint32_t i = 0; i < count; i++) out[i] = half_to_float((uint16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8));
      break;
    case STORED_INT8: {
      uint32_t channel = first / weight->inner % weight->channels, within = first % weight->inner;
      for (uint32_t i = 0; i < count; i++) {
        out[i] = (float)(int8_t)bytes[i] * scales[channel];
        if (++within < weight->inner) continue;
        within = 0;
        if (++channel == weight->channels) channel = 0;
      }
      break;
    }
    default: {
      uint32_t row = first / weight->channels, column = first % weight->channels;
      for (uint32_t i = 0; i < count; i++) {
        int nibble = i % 2 ? bytes[i / 2] >> 4 : bytes[i / 2] & 15;
        out[i] = (float)(nibble - 8) * scales[row / INT4_ROWS * weight->channels + column];
        if (++column < weight->channels) continue;
        column = 0;
        row++;
      }
    }
  }
}

static void unpack_into(const Record *record, const StoredWeight *weight, uint32_t first, const uint8_t *bytes, uint32_t count) {
  uint32_t format = record->is_bias ? MATRIX_FORMATS : engine.slots[record->slot].format;
  if (format == MATRIX_INT8) return keep_int8(record, first, bytes, count);
  if (format == MATRIX_FLOAT16) return keep_float16(record, first, bytes, count);
  if (format == MATRIX_INT4) return keep_int4(record, first, bytes, count);
  float values[CHUNK];
  for (uint32_t done = 0; done < count;) {
    uint32_t now = count - done < CHUNK ? count - done : CHUNK;
    decode(weight, first + done, bytes, now, values);
    scatter(record, first + done, values, now);
    done += now;
    StoredWeight size = {.form = weight->form, .count = now};
    bytes += stored_bytes(&size);
  }
}

// Whether `length` bytes from `first` on are whole units, and the next that `total` waits for.
static bool follows(uint32_t arrived, uint32_t first, uint32_t length, uint64_t total, uint32_t unit) {
  return first == arrived && length % unit == 0 && (uint64_t)first + length <= total;
}

EngineCode engine_unpack(uint32_t number, uint32_t first, const uint8_t *bytes, uint32_t length) {
  if (engine.state < STATE_PLACED) return ENGINE_WRONG_STATE;
  if (number >= engine.plan.header->weights) return ENGINE_BAD_WEIGHT;
  StoredWeight *weight = &engine.weights[number];
  uint32_t unit = weight->form == STORED_FLOAT32 ? 4 : weight->form == STORED_FLOAT16 ? 2 : 1;
  if (!follows(weight->arrived, first, length, stored_bytes(weight), unit)) return ENGINE_BAD_WEIGHT;
  if (weight->scaled != 4 * stored_scales(weight)) return ENGINE_WRONG_STATE;
  uint32_t begin = weight->form == STORED_INT4 ? first * 2 : first / unit;
  uint32_t count = weight->form == STORED_INT4 ? length * 2 : length / unit;
  for (uint32_t i = 0; i < engine.plan.header->records && weight->count; i++) {
    const Record *record = &engine.plan.records[i];
    if (record->weight == number) unpack_into(record, weight, begin, bytes, count);
  }
  weight->arrived += length;
  return ENGINE_OK;
}

EngineCode engine_scale(uint32_t number, uint32_t first, const uint8_t *bytes, uint32_t length) {
  if (engine.state < STATE_PLACED) return ENGINE_WRONG_STATE;
  if (number >= engine.plan.header->weights) return ENGINE_BAD_WEIGHT;
  StoredWeight *weight = &engine.weights[number];
  uint32_t unit = weight->form == STORED_INT8 ? 4 : 2;
  uint32_t begin = weight->scaled / 4; // `scaled` counts float32, as they are kept
  if (!follows(begin * unit, first, length, stored_scales(weight) * unit, unit)) return ENGINE_BAD_WEIGHT;
  float *scales = (float *)(void *)(engine.base + weight->scale);
  for (uint32_t i = 0; i < length / unit; i++) {
    const uint8_t *from = bytes + i * unit;
    if (unit == 4) copy_bytes(&scales[begin + i], from, 4);
    else scales[begin + i] = half_to_float((uint16_t)(from[0] | from[1] << 8));
    for (uint32_t j = 0; j < engine.plan.header->records; j++) {
      const Record *record = &engine.plan.records[j];
      if (record->weight == number && !record->is_bias) keep_scale(record, weight, begin + i, scales[begin + i]);
    }
  }
  weight->scaled += length / unit * 4;
  return ENGINE_OK;
}
