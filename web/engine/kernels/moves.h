// Copying and clearing without a C library, and sizes that cannot overflow.
#pragma once

#include "vector.h"

// PIN keeps LLVM from turning these loops into calls of memcpy and memset, which are slower for short rows.
INLINE void copy_values(const float *x, float *y, int32_t count) {
  for (; count >= 4; count -= 4, x += 4, y += 4) {
    store(y, load(x));
    PIN(y);
  }
  for (; count > 0; count--) {
    *y++ = *x++;
    PIN(y);
  }
}

INLINE void fill_values(float *y, int32_t count, float value) {
  for (; count >= 4; count -= 4, y += 4) {
    store(y, splat(value));
    PIN(y);
  }
  for (; count > 0; count--) {
    *y++ = value;
    PIN(y);
  }
}

// a * b, or UINT64_MAX if it exceeds 48 bits: more than any memory, and small enough for sums.
INLINE uint64_t times(uint64_t a, uint64_t b) {
  if (b && a > ((uint64_t)1 << 48) / b) return UINT64_MAX;
  return a * b;
}
