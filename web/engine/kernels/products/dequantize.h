// Eight weights of a reduced-precision matrix as float32.
//
// In WebAssembly by intrinsics, since LLVM does not vectorise the plain C.
#pragma once

#include "vector.h"

#ifdef __wasm__
#include <wasm_simd128.h>
#endif

typedef uint32_t u4 __attribute__((vector_size(16)));

typedef struct {
  f4 left, right;
} f8;

typedef struct {
  f8 w0, w1, w2, w3;
} FourRows;

typedef struct {
  i4 magnitude, exponent, one, largest, infinity, sign;
} HalfConstants;

INLINE i4 splat_int(int32_t v) { return (i4){v, v, v, v}; }

INLINE HalfConstants half_constants(void) {
  return (HalfConstants){
      .magnitude = splat_int(0x7fff),
      .exponent = splat_int(112 << 23),
      .one = splat_int(1 << 23),
      .largest = splat_int((0x7c00 << 13) - 1),
      .infinity = splat_int(0x7f800000),
      .sign = splat_int(0x8000),
  };
}

// Exponent and fraction are shifted into place. Denormal float16 (exponent 0) are converted by a subtraction: the shorter
// way, a product with 2^112, reads denormal floats, which take processors 100 cycles each (28 ms instead of 5).
INLINE f4 float_of_half(i4 half, const HalfConstants *k) {
  i4 magnitude = (half & k->magnitude) << 13;
  i4 normal = magnitude + k->exponent;
  f4 denormal = float_of(normal + k->one) - float_of(k->exponent + k->one);
  i4 special = (i4)(magnitude > k->largest) & k->infinity;
  f4 value = choose(magnitude < k->one, denormal, float_of(normal));
  return float_of(bits_of(value) | special | ((half & k->sign) << 16));
}

typedef struct {
  i4 bits;
  f4 factor;
} ShiftedConstants;

INLINE ShiftedConstants shifted_constants(void) {
  return (ShiftedConstants){splat_int((int32_t)0x8fffe000), splat(0x1p102f)};
}

// Of MATRIX_SHIFTED16, whose sign is extended: in place they are floats with other exponents, all of them normal.
INLINE f4 float_of_shifted(i4 shifted, const ShiftedConstants *k) {
  return float_of((i4)((u4)shifted << 13) & k->bits) * k->factor;
}

#ifdef __wasm__

INLINE f8 floats_of_i16(v128_t v) {
  return (f8){(f4)wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(v)),
              (f4)wasm_f32x4_convert_i32x4(wasm_i32x4_extend_high_i16x8(v))};
}

INLINE f8 int8_weights(const int8_t *w, int32_t first) { return floats_of_i16(wasm_i16x8_load8x8(w + first)); }

INLINE f8 half_weights(const uint16_t *w, int32_t first, const HalfConstants *k) {
  return (f8){float_of_half((i4)wasm_u32x4_load16x4(w + first), k),
              float_of_half((i4)wasm_u32x4_load16x4(w + first + 4), k)};
}

INLINE f8 shifted_weights(const uint16_t *w, int32_t first, const ShiftedConstants *k) {
  return (f8){float_of_shifted((i4)wasm_i32x4_load16x4((const int16_t *)w + first), k),
              float_of_shifted((i4)wasm_i32x4_load16x4((const int16_t *)w + first + 4), k)};
}

// Four rows of eight 4-bit integers, less 8.
INLINE FourRows int4_rows(const uint8_t *w) {
  v128_t bytes = wasm_v128_load(w), eight = wasm_i8x16_splat(8);
  v128_t low = wasm_v128_and(bytes, wasm_i8x16_splat(15)),
         high = wasm_v128_and(wasm_u16x8_shr(bytes, 4), wasm_i8x16_splat(15));
  v128_t first = wasm_i8x16_shuffle(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  v128_t last = wasm_i8x16_shuffle(low, high, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  first = wasm_i8x16_sub(first, eight);
  last = wasm_i8x16_sub(last, eight);
  return (FourRows){
      floats_of_i16(wasm_i16x8_extend_low_i8x16(first)),
      floats_of_i16(wasm_i16x8_extend_high_i8x16(first)),
      floats_of_i16(wasm_i16x8_extend_low_i8x16(last)),
      floats_of_i16(wasm_i16x8_extend_high_i8x16(last)),
  };
}

#else

INLINE f8 int8_weights(const int8_t *w, int32_t first) {
  const int8_t *p = w + first;
  return (f8){{p[0], p[1], p[2], p[3]}, {p[4], p[5], p[6], p[7]}};
}

INLINE f8 half_weights(const uint16_t *w, int32_t first, const HalfConstants *k) {
  const uint16_t *p = w + first;
  i4 left = {p[0], p[1], p[2], p[3]}, right = {p[4], p[5], p[6], p[7]};
  return (f8){float_of_half(left, k), float_of_half(right, k)};
}

INLINE f8 shifted_weights(const uint16_t *w, int32_t first, const ShiftedConstants *k) {
  const int16_t *p = (const int16_t *)w + first;
  i4 left = {p[0], p[1], p[2], p[3]}, right = {p[4], p[5], p[6], p[7]};
  return (f8){float_of_shifted(left, k), float_of_shifted(right, k)};
}

INLINE f8 int4_row(const uint8_t *p) {
  f4 left = {p[0] & 15, p[0] >> 4, p[1] & 15, p[1] >> 4}, right = {p[2] & 15, p[2] >> 4, p[3] & 15, p[3] >> 4};
  return (f8){left - splat(8), right - splat(8)};
}

INLINE FourRows int4_rows(const uint8_t *w) {
  return (FourRows){int4_row(w), int4_row(w + 4), int4_row(w + 8), int4_row(w + 12)};
}

#endif

INLINE f8 row_weights(f8 row, int32_t first) {
  (void)first;
  return row;
}
