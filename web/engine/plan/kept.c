#include "kept.h"

#include "cursor.h"

static void keep_int8(const Record *record, uint32_t first, const uint8_t *bytes, uint32_t count) {
  const Slot *slot = &engine.plan.slots[record->slot];
  uint8_t *out = engine.base + engine.slots[record->slot].offset;
  Cursor cursor = cursor_at(record, first);
  for (uint32_t i = 0; i < count; i++, cursor_skip(&cursor, 1)) {
    uint64_t panel = cursor.output / 8;
    out[(panel * slot->inputs + cursor.input) * 8 + cursor.output % 8] = bytes[i];
  }
}

static void keep_float16(const Record *record, uint32_t first, const uint8_t *bytes, uint32_t count) {
  const Slot *slot = &engine.plan.slots[record->slot];
  uint8_t *out = engine.base + engine.slots[record->slot].offset;
  Cursor cursor = cursor_at(record, first);
  for (uint32_t i = 0; i < count; i++, cursor_skip(&cursor, 1)) {
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

static void keep_int4(const Record *record, uint32_t first, const uint8_t *bytes, uint32_t count) {
  Cursor cursor = cursor_at(record, first);
  for (uint32_t i = 0; i < count; i += 2) {
    uint8_t *block = int4_block(record, cursor.input, cursor.output);
    block[32 + cursor.input % INT4_ROWS * 4 + cursor.output % 8 / 2] = bytes[i / 2];
    cursor_skip(&cursor, 1);
    cursor_skip(&cursor, 1);
  }
}

void keep_values(const Record *record, uint32_t first, const uint8_t *bytes, uint32_t count) {
  switch (engine.slots[record->slot].format) {
    case MATRIX_INT8: keep_int8(record, first, bytes, count); break;
    case MATRIX_FLOAT16: keep_float16(record, first, bytes, count); break;
    default: keep_int4(record, first, bytes, count);
  }
}

void keep_scale(const Record *record, const StoredWeight *weight, uint32_t index, float scale) {
  const PlacedSlot *placed = &engine.slots[record->slot];
  if (placed->format == MATRIX_INT8) {
    // Only weights with one scale for each output are kept: see `kept_format` in place.c.
    uint32_t output = record->first_output + index;
    ((float *)(void *)(engine.base + placed->scale))[output] = multiplied(record, scale, output);
  } else if (placed->format == MATRIX_INT4) {
    uint32_t output = record->first_output + index % weight->channels;
    uint32_t input = index / weight->channels * INT4_ROWS;
    ((float *)(void *)int4_block(record, input, output))[output % 8] = multiplied(record, scale, output);
  }
}
