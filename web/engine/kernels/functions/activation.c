#include "activation.h"
#include "error_function.h"
#include "exp.h"
#include "logarithm.h"
#include "moves.h"
#include "square_root.h"
#include "work_range.h"

typedef struct {
  ExpConstants exp, exp_up; // of -x and of x
  float a, b;
} Constants;

typedef f4 Function(f4 x, const Constants *);

INLINE f4 clip4(f4 x, const Constants *k) { return at_most(at_least(x, splat(k->a)), splat(k->b)); }
INLINE f4 sigmoid4(f4 x, const Constants *k) { return k->exp.one / one_plus_exp4(x, &k->exp); }
INLINE f4 silu4(f4 x, const Constants *k) { return x / one_plus_exp4(x, &k->exp); }
INLINE f4 tanh4(f4 x, const Constants *k) { return splat(2) / one_plus_exp4(x + x, &k->exp) - k->exp.one; }
INLINE f4 hard_sigmoid4(f4 x, const Constants *k) {
  return at_most(at_least(x * splat(k->a) + splat(k->b), splat(0)), splat(1));
}
INLINE f4 hard_swish4(f4 x, const Constants *k) { return x * hard_sigmoid4(x, k); }
INLINE f4 leaky_relu4(f4 x, const Constants *k) { return choose(x < splat(0), x * splat(k->a), x); }

INLINE f4 exponential4(f4 x, const Constants *k) {
  ExpParts e = exp_parts(x, &k->exp_up);
  return e.fraction * e.power;
}
INLINE f4 logarithm4(f4 x, const Constants *k) {
  (void)k;
  return log4(x);
}
INLINE f4 root4(f4 x, const Constants *k) {
  (void)k;
  return square_root(x);
}
INLINE f4 absolute4(f4 x, const Constants *k) {
  (void)k;
  return float_of(bits_of(x) & (i4){0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff});
}
INLINE f4 error_function4(f4 x, const Constants *k) {
  (void)k;
  return erf4(x);
}
INLINE f4 gelu4(f4 x, const Constants *k) {
  (void)k;
  f4 half = x * splat(0.5f);
  return madd(half, erf4(x * splat(0.70710678f)), half);
}
INLINE f4 gelu_tanh4(f4 x, const Constants *k) {
  return x / one_plus_exp4(x * madd(x * x, splat(1.59576912f * 0.044715f), splat(1.59576912f)), &k->exp);
}
INLINE f4 elu4(f4 x, const Constants *k) {
  return choose(x < splat(0), splat(k->a) * (exponential4(x, k) - splat(1)), splat(k->b) * x);
}
// log(1 + t) = t log(u) / (u - 1) with u = 1 + t rounded: the rounding error of u cancels.
INLINE f4 softplus4(f4 x, const Constants *k) {
  f4 t = exponential4(-absolute4(x, k), k), u = t + splat(1), rest = u - splat(1);
  return at_least(x, splat(0)) + choose(rest == splat(0), t, t * log4(u) / rest);
}
// tanh(log(1 + e)) = n / (n + 2) with n = e (e + 2).
INLINE f4 mish4(f4 x, const Constants *k) {
  f4 e = exponential4(at_most(x, splat(20)), k), n = e * (e + splat(2));
  return choose(x > splat(20), x, x * n / (n + splat(2)));
}

// `count` is a multiple of 16.
INLINE void over_values(const float *x, float *y, int32_t count, const Constants *k, Function *function) {
  // 16 values per step hide the latency of each value's dependency chain.
  for (; count > 0; count -= 16, x += 16, y += 16) {
    f4 v0 = load(x), v1 = load(x + 4), v2 = load(x + 8), v3 = load(x + 12);
    // All loaded before the first store: the compiler has to assume that a store changes the constants.
    v0 = function(v0, k);
    v1 = function(v1, k);
    v2 = function(v2, k);
    v3 = function(v3, k);
    store(y, v0);
    store(y + 4, v1);
    store(y + 8, v2);
    store(y + 12, v3);
  }
}

INLINE void over_rows(float *y, int32_t rows, int32_t channels, const Constants *k, float *sums, Function *function) {
  int32_t c = 0;
  for (; c + 16 <= channels; c += 16) {
    f4 s0 = splat(0), s1 = s0, s2 = s0, s3 = s0; // sums of the row first: more precise
    float *p = y + c;
    for (int32_t row = 0; row < rows; row++, p += channels) {
      f4 v0 = function(load(p), k), v1 = function(load(p + 4), k);
      f4 v2 = function(load(p + 8), k), v3 = function(load(p + 12), k);
      store(p, v0);
      store(p + 4, v1);
      store(p + 8, v2);
      store(p + 12, v3);
      s0 += v0;
      s1 += v1;
      s2 += v2;
      s3 += v3;
    }
    store(sums + c, load(sums + c) + s0);
    store(sums + c + 4, load(sums + c + 4) + s1);
    store(sums + c + 8, load(sums + c + 8) + s2);
    store(sums + c + 12, load(sums + c + 12) + s3);
  }
  for (; c < channels; c += 4) {
    int32_t lanes = min_int(channels - c, 4);
    f4 sum = splat(0);
    float *p = y + c;
    for (int32_t row = 0; row < rows; row++, p += channels) {
      f4 v = function(load_some(p, lanes), k);
      store_some(p, v, lanes);
      sum += v;
    }
    store_some(sums + c, load_some(sums + c, lanes) + sum, lanes);
  }
}

// Without unrolling: less code for functions that few networks have.
INLINE void over_fours(const float *x, float *y, int32_t count, const Constants *k, Function *function) {
  for (; count > 0; count -= 4, x += 4, y += 4) store(y, function(load(x), k));
}

static Constants constants_of(const Activation *activation) {
  Constants constants = {exp_constants(-1), exp_constants(1), activation->a, activation->b};
  if (activation->kind == ACTIVATION_NONE) {
    constants.a = -__builtin_inff();
    constants.b = __builtin_inff();
  }
  return constants;
}

// `count` is a multiple of 16.
static void blocks(const float *x, float *y, int32_t count, ActivationKind kind, const Constants *k) {
  switch (kind) {
    case ACTIVATION_SIGMOID: over_values(x, y, count, k, sigmoid4); break;
    case ACTIVATION_SILU: over_values(x, y, count, k, silu4); break;
    case ACTIVATION_HARD_SIGMOID: over_values(x, y, count, k, hard_sigmoid4); break;
    case ACTIVATION_HARD_SWISH: over_values(x, y, count, k, hard_swish4); break;
    case ACTIVATION_LEAKY_RELU: over_values(x, y, count, k, leaky_relu4); break;
    case ACTIVATION_TANH: over_values(x, y, count, k, tanh4); break;
    case ACTIVATION_EXP: over_fours(x, y, count, k, exponential4); break;
    case ACTIVATION_LOG: over_fours(x, y, count, k, logarithm4); break;
    case ACTIVATION_SQRT: over_fours(x, y, count, k, root4); break;
    case ACTIVATION_ABS: over_fours(x, y, count, k, absolute4); break;
    case ACTIVATION_ERF: over_fours(x, y, count, k, error_function4); break;
    case ACTIVATION_GELU: over_values(x, y, count, k, gelu4); break;
    case ACTIVATION_GELU_TANH: over_values(x, y, count, k, gelu_tanh4); break;
    case ACTIVATION_ELU: over_fours(x, y, count, k, elu4); break;
    case ACTIVATION_SOFTPLUS: over_fours(x, y, count, k, softplus4); break;
    case ACTIVATION_MISH: over_fours(x, y, count, k, mish4); break;
    default: over_values(x, y, count, k, clip4); break;
  }
}

void activate_values(const float *x, float *y, int32_t count, const Activation *activation) {
  Constants constants = constants_of(activation);
  const Constants *k = &constants;
  OPAQUE(k);
  const int32_t whole = count & ~15, rest = count - whole;
  blocks(x, y, whole, activation->kind, k);
  if (!rest) return;
  // The rest in a buffer: one loop for each function is enough.
  float last[16];
  fill_values(last, 16, 0);
  copy_values(x + whole, last, rest);
  blocks(last, last, 16, activation->kind, k);
  copy_values(last, y + whole, rest);
}

void activate_rows(float *y, int32_t rows, int32_t channels, const Activation *activation, float *sums) {
  if (!sums) {
    if (!is_clip(activation)) activate_values(y, y, rows * channels, activation);
    return;
  }
  Constants constants = constants_of(activation);
  const Constants *k = &constants;
  OPAQUE(k);
  switch (activation->kind) {
    case ACTIVATION_SILU: over_rows(y, rows, channels, k, sums, silu4); break;
    case ACTIVATION_HARD_SWISH: over_rows(y, rows, channels, k, sums, hard_swish4); break;
    case ACTIVATION_NONE:
    case ACTIVATION_CLIP: over_rows(y, rows, channels, k, sums, clip4); break;
    default: // activations that rarely precede an average: two passes
      activate_values(y, y, rows * channels, activation);
      constants.a = -__builtin_inff();
      constants.b = __builtin_inff();
      over_rows(y, rows, channels, k, sums, clip4);
  }
}

void activate(const Activate *op, Thread thread) {
  WorkRange range = work_range(op->count, thread);
  activate_values(op->x + range.first, op->y + range.first, range.end - range.first, &op->activation);
}
