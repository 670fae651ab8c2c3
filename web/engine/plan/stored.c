#include "stored.h"

#include "bytes.h"
#include "dequantize.h"

uint64_t stored_bytes(const StoredWeight *weight) {
  switch (weight->format) {
    case STORED_FLOAT32: return 4ull * weight->count;
    case STORED_FLOAT16: return 2ull * weight->count;
    case STORED_INT8: return weight->count;
    default: return weight->count / 2;
  }
}

uint64_t stored_scales(const StoredWeight *weight) {
  if (weight->format == STORED_INT8) return weight->channels;
  return weight->format == STORED_INT4 ? weight->count / INT4_ROWS : 0;
}

void decode_halves(const uint8_t *bytes, uint32_t count, float *out) {
  HalfConstants constants = half_constants();
  const HalfConstants *k = &constants;
  OPAQUE(k);
  for (; count >= 4; count -= 4, bytes += 8, out += 4) {
    i4 halves = {bytes[0] | bytes[1] << 8, bytes[2] | bytes[3] << 8, bytes[4] | bytes[5] << 8, bytes[6] | bytes[7] << 8};
    store(out, float_of_half(halves, k));
  }
  for (; count > 0; count--, bytes += 2, out++) *out = float_of_half(splat_int(bytes[0] | bytes[1] << 8), k)[0];
}

// Values that have the same scale are neighbours, `inner` of them.
static void decode_int8(const StoredWeight *weight, uint32_t first, const int8_t *bytes, uint32_t count, float *out,
                        const float *scales) {
  uint32_t channel = first / weight->inner % weight->channels, left = weight->inner - first % weight->inner;
  while (count > 0) {
    uint32_t run = left < count ? left : count, i = 0;
    float scale = scales[channel];
    for (; i + 8 <= run; i += 8) {
      f8 values = int8_weights(bytes, (int32_t)i);
      store(out + i, values.left * splat(scale));
      store(out + i + 4, values.right * splat(scale));
    }
    for (; i < run; i++) out[i] = (float)bytes[i] * scale;
    bytes += run;
    out += run;
    count -= run;
    left = weight->inner;
    if (++channel == weight->channels) channel = 0;
  }
}

static void decode_int4(const StoredWeight *weight, uint32_t first, const uint8_t *bytes, uint32_t count, float *out,
                        const float *scales) {
  uint32_t row = first / weight->channels, column = first % weight->channels;
  for (uint32_t i = 0; i < count; i++) {
    int nibble = i % 2 ? bytes[i / 2] >> 4 : bytes[i / 2] & 15;
    out[i] = (float)(nibble - 8) * scales[row / INT4_ROWS * weight->channels + column];
    if (++column < weight->channels) continue;
    column = 0;
    row++;
  }
}

void decode_stored(const StoredWeight *weight, uint32_t first, const uint8_t *bytes, uint32_t count, float *out) {
  const float *scales = (const float *)(const void *)(engine.base + weight->scale);
  switch (weight->format) {
    case STORED_FLOAT32: copy_bytes(out, bytes, 4ull * count); break;
    case STORED_FLOAT16: decode_halves(bytes, count, out); break;
    case STORED_INT8: decode_int8(weight, first, (const int8_t *)bytes, count, out, scales); break;
    default: decode_int4(weight, first, bytes, count, out, scales);
  }
}
