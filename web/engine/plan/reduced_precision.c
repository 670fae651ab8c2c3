#include "reduced_precision.h"

#include "cursor.h"

static void pack_int8(const PackRule *rule, uint32_t first, const uint8_t *bytes, uint32_t count) {
  const PackedWeight *packed = &engine.plan.packed_weights[rule->packed_weight];
  uint8_t *out = engine.base + engine.placed[rule->packed_weight].offset;
  Cursor cursor = cursor_at(rule, first);
  for (uint32_t i = 0; i < count; i++, cursor_skip(&cursor, 1)) {
    uint64_t panel = cursor.output / 8;
    out[(panel * packed->inputs + cursor.input) * 8 + cursor.output % 8] = bytes[i];
  }
}

static void pack_float16(const PackRule *rule, uint32_t first, const uint8_t *bytes, uint32_t count) {
  const PackedWeight *packed = &engine.plan.packed_weights[rule->packed_weight];
  uint8_t *out = engine.base + engine.placed[rule->packed_weight].offset;
  Cursor cursor = cursor_at(rule, first);
  for (uint32_t i = 0; i < count; i++, cursor_skip(&cursor, 1)) {
    uint64_t at = ((uint64_t)(cursor.output / 8) * packed->inputs + cursor.input) * 8 + cursor.output % 8;
    out[2 * at] = bytes[2 * i];
    out[2 * at + 1] = bytes[2 * i + 1];
  }
}

// The block of 32 inputs and 8 outputs that contains a value: first its scales, then its nibbles.
static uint8_t *int4_block(const PackRule *rule, uint32_t input, uint32_t output) {
  const PackedWeight *packed = &engine.plan.packed_weights[rule->packed_weight];
  uint64_t block = (uint64_t)(output / 8) * (packed->inputs / INT4_ROWS) + input / INT4_ROWS;
  return engine.base + engine.placed[rule->packed_weight].offset + block * (32 + 128);
}

static void pack_int4(const PackRule *rule, uint32_t first, const uint8_t *bytes, uint32_t count) {
  Cursor cursor = cursor_at(rule, first);
  for (uint32_t i = 0; i < count; i += 2) {
    uint8_t *block = int4_block(rule, cursor.input, cursor.output);
    block[32 + cursor.input % INT4_ROWS * 4 + cursor.output % 8 / 2] = bytes[i / 2];
    cursor_skip(&cursor, 1);
    cursor_skip(&cursor, 1);
  }
}

void pack_reduced_values(const PackRule *rule, uint32_t first, const uint8_t *bytes, uint32_t count) {
  switch (engine.placed[rule->packed_weight].format) {
    case MATRIX_INT8: pack_int8(rule, first, bytes, count); break;
    case MATRIX_FLOAT16: pack_float16(rule, first, bytes, count); break;
    default: pack_int4(rule, first, bytes, count);
  }
}

void pack_reduced_scale(const PackRule *rule, const StoredWeight *weight, uint32_t index, float scale) {
  const PlacedWeight *placed = &engine.placed[rule->packed_weight];
  if (placed->format == MATRIX_INT8) {
    // Only weights with one scale per output stay in reduced precision: see `reduced_format` in place.c.
    uint32_t output = rule->first_output + index;
    ((float *)(void *)(engine.base + placed->scale))[output] = multiplied(rule, scale, output);
  } else if (placed->format == MATRIX_INT4) {
    uint32_t output = rule->first_output + index % weight->channels;
    uint32_t input = index / weight->channels * INT4_ROWS;
    ((float *)(void *)int4_block(rule, input, output))[output % 8] = multiplied(rule, scale, output);
  }
}
