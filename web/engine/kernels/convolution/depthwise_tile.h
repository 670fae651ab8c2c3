// Seven neighbouring outputs of a depthwise convolution, all channels, four at a time. Included once for each kernel width
// and stride, with TILE_NAME, KERNEL, EACH_ROW(X) and EACH_TAP(X) for its rows and columns, and COLUMNS, the taps of each
// input column in turn.
//
// Seven divides the widths of networks for 224 pixels (112, 56, 28, 14, 7). Accumulators are variables, not an array,
// which clang would leave in memory; distances are in bytes, since adding a scaled number takes twice as long.

#define TAP(output, tap)                      \
  sum##output = madd(v, w##tap, sum##output); \
  PIN(sum##output);
#define COLUMN(taps)                             \
  {                                              \
    f4 v = load((const float *)(const void *)x); \
    x += stride;                                 \
    PIN(x);                                      \
    taps                                         \
  }
#define ROW_POINTER(row) const char *x##row = (const char *)(op->rows[row] + offset);
#define LOAD_WEIGHT(tap) f4 w##tap = load(w + 4 * tap);
#define ROW(row)            \
  {                         \
    const char *x = x##row; \
    EACH_TAP(LOAD_WEIGHT)   \
    PIN(w);                 \
    w += 4 * KERNEL;        \
    COLUMNS                 \
    x##row += 16;           \
  }
#define CLIP(output) sum##output = at_most(at_least(sum##output, low), high);
#define STORE(output)                      \
  store((float *)(void *)to, sum##output); \
  to += stride;

static void TILE_NAME(const DepthwiseRow *op, int32_t offset, float *y) {
  const int32_t stride = op->channels * 4;
  const float *w = op->weights;
  const f4 low = splat(op->clip ? op->low : -__builtin_inff()), high = splat(op->clip ? op->high : __builtin_inff());
  EACH_ROW(ROW_POINTER)
  for (int32_t c = op->channels; c >= 4; c -= 4, y += 4) {
    f4 sum0 = load(w), sum1 = sum0, sum2 = sum0, sum3 = sum0, sum4 = sum0, sum5 = sum0, sum6 = sum0;
    w += 4;
    EACH_ROW(ROW)
    CLIP(0)
    CLIP(1)
    CLIP(2)
    CLIP(3)
    CLIP(4)
    CLIP(5)
    CLIP(6)
    char *to = (char *)y;
    STORE(0)
    STORE(1)
    STORE(2)
    STORE(3)
    STORE(4)
    STORE(5)
    STORE(6)
  }
}

#undef TAP
#undef COLUMN
#undef ROW_POINTER
#undef LOAD_WEIGHT
#undef ROW
#undef CLIP
#undef STORE
#undef TILE_NAME
#undef EACH_TAP
#undef EACH_ROW
#undef COLUMNS
#undef KERNEL
