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

// Half-precision numbers as MATRIX_SHIFTED16 has them, and back: in 5 bits it has the exponents -24 to 6 where float16 has
// -14 to 15, and smaller numbers with fewer bits.
enum { FRACTION = 0x3ff, IMPLICIT = 0x400, MAGNITUDE = 0x7fff, SHIFT = 10 << 10, BEYOND = 22 << 10 };

static uint16_t shifted(uint16_t half) {
  uint32_t fraction = half & FRACTION;
  if (half & MAGNITUDE & ~FRACTION) return (uint16_t)(half + SHIFT);
  if (!fraction) return half;
  uint32_t exponent = 11;
  for (; !(fraction & IMPLICIT); fraction <<= 1) exponent--;
  return (uint16_t)((half & ~MAGNITUDE) | exponent << 10 | (fraction & FRACTION));
}

static uint16_t unshifted(uint16_t value) {
  uint32_t magnitude = value & MAGNITUDE, exponent = magnitude >> 10;
  if (exponent > 10) return (uint16_t)(value - SHIFT);
  if (!exponent) return value;
  return (uint16_t)((value & ~MAGNITUDE) | (IMPLICIT | (magnitude & FRACTION)) >> (11 - exponent));
}

// What has arrived becomes float16 again: a number does not fit.
static void unshift(PlacedWeight *placed, const PackedWeight *packed) {
  uint64_t count = matrix_bytes(MATRIX_FLOAT16, (int32_t)packed->inputs, (int32_t)packed->outputs) / 2;
  uint16_t *values = (uint16_t *)(void *)(engine.base + placed->offset);
  for (uint64_t i = 0; i < count; i++) values[i] = unshifted(values[i]);
  placed->format = MATRIX_FLOAT16;
}

static void pack_float16(const PackRule *rule, uint32_t first, const uint8_t *bytes, uint32_t count) {
  const PackedWeight *packed = &engine.plan.packed_weights[rule->packed_weight];
  PlacedWeight *placed = &engine.placed[rule->packed_weight];
  uint16_t *out = (uint16_t *)(void *)(engine.base + placed->offset);
  Cursor cursor = cursor_at(rule, first);
  for (uint32_t i = 0; i < count; i++, cursor_skip(&cursor, 1)) {
    uint64_t at = ((uint64_t)(cursor.output / 8) * packed->inputs + cursor.input) * 8 + cursor.output % 8;
    uint16_t half = (uint16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8);
    if (placed->format == MATRIX_SHIFTED16 && (half & MAGNITUDE) >= BEYOND) unshift(placed, packed);
    out[at] = placed->format == MATRIX_SHIFTED16 ? shifted(half) : half;
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
    case MATRIX_INT8:
    case MATRIX_INT8_BY_INPUT: pack_int8(rule, first, bytes, count); break;
    case MATRIX_FLOAT16:
    case MATRIX_SHIFTED16: pack_float16(rule, first, bytes, count); break;
    default: pack_int4(rule, first, bytes, count);
  }
}

void pack_reduced_scale(const PackRule *rule, const StoredWeight *weight, uint32_t index, float scale) {
  const PlacedWeight *placed = &engine.placed[rule->packed_weight];
  float *scales = (float *)(void *)(engine.base + placed->scale);
  if (placed->format == MATRIX_INT8_BY_INPUT) {
    scales[index] = scale;
  } else if (placed->format == MATRIX_INT8) {
    // Other weights with scales do not stay in reduced precision: see `reduced_format` in place.c.
    uint32_t output = rule->first_output + index;
    scales[output] = multiplied(rule, scale, output);
  } else if (placed->format == MATRIX_INT4) {
    uint32_t output = rule->first_output + index % weight->channels;
    uint32_t input = index / weight->channels * INT4_ROWS;
    ((float *)(void *)int4_block(rule, input, output))[output % 8] = multiplied(rule, scale, output);
  }
}
