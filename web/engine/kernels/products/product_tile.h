// One tile of a product: ROWS rows of x times panels of eight outputs, one panel after another. Included once for each
// number of rows, and for some of them again with PREFETCH 1, which prefetches the weights of tile->prefetched meanwhile.
//
// 6 x 8 accumulators take 12 of the 16 vector registers of x86-64 and leave room for two weights and a value of x. Without a
// fused multiply-add the product needs a register too: five rows then. The inner loop is unrolled four times, which
// hides the cost of the counter and the seven pointers; without it, it is twice as slow.

#ifndef PREFETCH
#define PREFETCH 0
#endif

#define ROW_DECLARE(r) const float *x##r = tile->x + r * x_stride;
#define ROW_BIAS(r) f4 left##r = load(w), right##r = load(w + 4);
#define ROW_STEP(r)                   \
  {                                   \
    f4 v = splat(x##r[step]);         \
    left##r = madd(v, wl, left##r);   \
    PIN(left##r);                     \
    right##r = madd(v, wr, right##r); \
    PIN(right##r);                    \
  }
#define ROW_ADVANCE(r) x##r += 4;
#define ROW_ADVANCE_1(r) x##r += 1;
#define ROW_REWIND(r) x##r -= inputs;
#define ROW_OPAQUE(r) PIN(x##r);
#define STEP(number)                                         \
  {                                                          \
    enum { step = number };                                  \
    f4 wl = load(w + 8 * step), wr = load(w + 8 * step + 4); \
    EACH_ROW(ROW_STEP)                                       \
  }
#define ROW_RESIDUAL(r)                            \
  {                                                \
    left##r += load(residual + r * y_stride);      \
    right##r += load(residual + r * y_stride + 4); \
  }
#define ROW_CLIP(r)                                    \
  {                                                    \
    left##r = at_most(at_least(left##r, low), high);   \
    right##r = at_most(at_least(right##r, low), high); \
  }
#define ROW_STORE(r)                                          \
  {                                                           \
    float *to = y + r * y_stride + (r < until_gap ? 0 : gap); \
    store(to, left##r);                                       \
    store(to + 4, right##r);                                  \
  }

static __attribute__((noinline)) void TILE_NAME(const Tile *tile) {
  const float *w = tile->weights, *residual = tile->residual;
  const int32_t x_stride = tile->x_stride, y_stride = tile->y_stride, inputs = tile->inputs;
  const int32_t until_gap = tile->until_gap, gap = tile->gap;
  float *y = tile->y;
  const float *prefetched = tile->prefetched;
  const int32_t prefetch_step = tile->prefetch_step;
  EACH_ROW(ROW_DECLARE)
  for (int32_t panels = tile->panels; panels > 0; panels--) {
    EACH_ROW(ROW_BIAS)
    w += 8;
    int32_t count = inputs;
    for (; count >= 4; count -= 4) {
      // Opaque pointers, so that LLVM uses immediate offsets instead of additional pointers.
      PIN(w);
      EACH_ROW(ROW_OPAQUE)
      if (PREFETCH) {
        prefetch(prefetched);
        prefetched += prefetch_step;
      }
      STEP(0)
      STEP(1)
      STEP(2)
      STEP(3)
      w += 32;
      EACH_ROW(ROW_ADVANCE)
    }
    for (; count > 0; count--) {
      PIN(w);
      EACH_ROW(ROW_OPAQUE)
      STEP(0)
      w += 8;
      EACH_ROW(ROW_ADVANCE_1)
    }
    if (residual) {
      EACH_ROW(ROW_RESIDUAL)
      residual += 8;
    }
    if (tile->clip) {
      f4 low = splat(tile->low), high = splat(tile->high);
      EACH_ROW(ROW_CLIP)
    }
    EACH_ROW(ROW_STORE)
    y += 8;
    EACH_ROW(ROW_REWIND)
  }
}

#undef ROW_DECLARE
#undef ROW_BIAS
#undef ROW_REWIND
#undef ROW_STEP
#undef ROW_ADVANCE
#undef ROW_ADVANCE_1
#undef ROW_OPAQUE
#undef STEP
#undef ROW_RESIDUAL
#undef ROW_CLIP
#undef ROW_STORE
#undef EACH_ROW
#undef PREFETCH
#undef TILE_NAME
