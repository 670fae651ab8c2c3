// A tile of a grouped convolution: TILE_ROWS pixels times eight outputs. Included twice, with the name of the function as
// TILE_NAME: with PAIR 0 the outputs are of one group; with PAIR 1 they are of two groups of four inputs and four outputs,
// and `other` points to the panel of the second one.
//
// The loop is that of product_tile.h, once per kernel position.

#define ROW_DECLARE(r) f4 left##r = load(w), right##r = load(PAIR ? other : w + 4);
#define ROW_POINTER(r) const float *x##r = window->lines[i] + r * step;
#define ROW_STEP(r)                        \
  {                                        \
    f4 v = splat(x##r[number]);            \
    left##r = madd(v, wl, left##r);        \
    PIN(left##r);                          \
    if (PAIR) v = splat(x##r[4 + number]); \
    right##r = madd(v, wr, right##r);      \
    PIN(right##r);                         \
  }
#define ROW_ADVANCE(r) x##r += 4;
#define ROW_ADVANCE_1(r) x##r += 1;
#define ROW_NEXT(r) x##r += next;
#define ROW_OPAQUE(r) PIN(x##r);
#define STEP(n)                                                                              \
  {                                                                                          \
    enum { number = n };                                                                     \
    f4 wl = load(w + 8 * number), wr = load(PAIR ? other + 8 * number : w + 8 * number + 4); \
    EACH_ROW(ROW_STEP)                                                                       \
  }
#define FOUR_STEPS     \
  PIN(w);              \
  EACH_ROW(ROW_OPAQUE) \
  STEP(0)              \
  STEP(1)              \
  STEP(2)              \
  STEP(3)              \
  w += 32;
#define ROW_STORE(r)         \
  store(y + 8 * r, left##r); \
  store(y + 8 * r + 4, right##r);

static __attribute__((noinline)) void TILE_NAME(const Window *window, const float *w, const float *other, float *y) {
  const int32_t step = window->step, inputs = window->inputs, next = PAIR ? window->tap : window->tap - inputs;
  (void)other;
  EACH_ROW(ROW_DECLARE)
  w += 8;
  if (PAIR) other += 8;
  for (int32_t i = 0; i < window->height; i++) {
    EACH_ROW(ROW_POINTER)
    for (int32_t j = window->width; j > 0; j--) {
      if (PAIR) {
        PIN(other);
        FOUR_STEPS
        other += 32;
      } else {
        int32_t count = inputs;
        for (; count >= 4; count -= 4) {
          FOUR_STEPS
          EACH_ROW(ROW_ADVANCE)
        }
        for (; count > 0; count--) {
          PIN(w);
          EACH_ROW(ROW_OPAQUE)
          STEP(0)
          w += 8;
          EACH_ROW(ROW_ADVANCE_1)
        }
      }
      EACH_ROW(ROW_NEXT)
    }
  }
  EACH_ROW(ROW_STORE)
}

#undef ROW_DECLARE
#undef ROW_POINTER
#undef ROW_STEP
#undef ROW_ADVANCE
#undef ROW_ADVANCE_1
#undef ROW_NEXT
#undef ROW_OPAQUE
#undef STEP
#undef FOUR_STEPS
#undef ROW_STORE
#undef PAIR
#undef TILE_NAME
