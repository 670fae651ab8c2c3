// The natural logarithm by a polynomial: x = 2^n * m with m in [sqrt(1/2), sqrt(2)).
//
// log(1 + f) = f - f^2 / 2 + f^3 p(f); the degree-7 minimax polynomial p has a relative error of 6e-9 in the result,
// before rounding.
#pragma once

#include "vector.h"

// 0 gives -infinity, negative numbers NaN; infinity and NaN propagate.
INLINE f4 log4(f4 x) {
  // Denormal numbers are multiplied by 2^23.
  const i4 tiny = x < splat(1.17549435e-38f);
  f4 scaled = choose(tiny, x * splat(8388608.0f), x);
  // The exponent of the shifted number is n for m from sqrt(1/2) on.
  i4 shifted = bits_of(scaled) - (i4){0x3f3504f3, 0x3f3504f3, 0x3f3504f3, 0x3f3504f3};
  i4 exponent = shifted >> 23;
  f4 f = float_of(bits_of(scaled) - (exponent << 23)) - splat(1);
  f4 n = __builtin_convertvector(exponent, f4) - choose(tiny, splat(23), splat(0));
  f4 p = madd(splat(-0.07634496f), f, splat(0.12761582f));
  p = madd(p, f, splat(-0.13160186f));
  p = madd(p, f, splat(0.14201757f));
  p = madd(p, f, splat(-0.16623357f));
  p = madd(p, f, splat(0.20001227f));
  p = madd(p, f, splat(-0.2500082f));
  p = madd(p, f, splat(0.33333331f));
  f4 square = f * f;
  // log(2) in two parts, the first with few bits, so that n times it is exact.
  f4 low = madd(n, splat(-2.12194440e-4f), p * square * f);
  f4 result = madd(n, splat(0.693359375f), f + madd(square, splat(-0.5f), low));
  const f4 infinite = splat(__builtin_inff());
  result = choose(x == splat(0), -infinite, result);
  result = choose(x < splat(0), splat(__builtin_nanf("")), result);
  return choose((x == infinite) | (x != x), x, result);
}
