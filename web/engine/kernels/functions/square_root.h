#pragma once

#include "vector.h"

// Correctly rounded; NaN for negative numbers, and -0 for -0.
INLINE f4 square_root(f4 v) {
#ifdef __wasm__
  return __builtin_wasm_sqrt_f32x4(v);
#else
  return (f4){__builtin_sqrtf(v[0]), __builtin_sqrtf(v[1]), __builtin_sqrtf(v[2]), __builtin_sqrtf(v[3])};
#endif
}
