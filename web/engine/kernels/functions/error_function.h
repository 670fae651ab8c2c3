// erf by a rational function: x p(x^2) / q(x^2) within [-3.92, 3.92], and +-1 beyond, which differs by less than 3e-8.
//
// p and q, of degree 5, are a minimax fit with an error of 1.7e-8; rounding included it is 3e-7.
#pragma once

#include "vector.h"

// NaN propagates.
INLINE f4 erf4(f4 x) {
  f4 near = at_most(at_least(x, splat(-3.92f)), splat(3.92f)), z = near * near;
  f4 p = madd(splat(2.0347286e-6f), z, splat(2.8748065e-4f));
  p = madd(p, z, splat(3.8683759e-3f));
  p = madd(p, z, splat(5.3060629e-2f));
  p = madd(p, z, splat(0.19276516f));
  p = madd(p, z, splat(1.128379f));
  f4 q = madd(splat(3.8070644e-5f), z, splat(1.1881273e-3f));
  q = madd(q, z, splat(1.5172392e-2f));
  q = madd(q, z, splat(0.11508508f));
  q = madd(q, z, splat(0.50416535f));
  q = madd(q, z, splat(1));
  f4 inside = choose(x >= splat(3.92f), splat(1), near * p / q);
  return choose(x <= splat(-3.92f), splat(-1), inside);
}
