// exp by a polynomial: 2^t = 2^n * 2^f with n whole and f in [-1/2, 1/2].
//
// The degree-5 minimax polynomial of 2^f with p(0) = 1 has a relative error of 9.1e-8, rounding not counted.
#pragma once

#include "vector.h"

// Constants that V8 would otherwise build anew in the loop; read from memory they cost one broadcasting load.
typedef struct {
  float log2e, lowest, highest, round, c1, c2, c3, c4, c5, one;
} ExpConstants;

INLINE ExpConstants exp_constants(float sign) {
  ExpConstants constants = {sign * 1.44269504f, -127.0f,     128.0f,      12582912.0f, 0.693146982f,
                            0.240222415f,       0.05550734f, 0.00967151f, 0.00132647f, 1.0f};
  return constants;
}

// exp(x), or exp(-x) with exp_constants(-1). Below 2^-127 it is 0, from 2^128 infinite; NaN stays.
INLINE f4 exp4(f4 x, const ExpConstants *k) {
  f4 t = x * splat(k->log2e);
  t = at_most(at_least(t, splat(k->lowest)), splat(k->highest));
  f4 shifted = t + splat(k->round); // its lowest bits are n
  f4 f = t - (shifted - splat(k->round));
  f4 p = madd(f, splat(k->c5), splat(k->c4));
  p = madd(p, f, splat(k->c3));
  p = madd(p, f, splat(k->c2));
  p = madd(p, f, splat(k->c1));
  p = madd(p, f, splat(k->one));
  // A product, not a sum of the bits, so that NaN stays NaN and the ends become 0 and infinity.
  return p * float_of((bits_of(shifted) << 23) + bits_of(splat(k->one)));
}
