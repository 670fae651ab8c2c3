// Seven neighbouring outputs of a depthwise convolution, four channels. Included once for each kernel width and stride, with
// TILE_NAME, WEIGHTS(X) and COLUMNS, the taps of each input column in turn.
//
// Seven divides the widths of networks for 224 pixels (112, 56, 28, 14, 7). Accumulators have names, not places in an array,
// which clang would leave in memory.

#define TAP(output, tap)                      \
  sum##output = madd(v, w##tap, sum##output); \
  PIN(sum##output);
#define COLUMN(taps)   \
  {                    \
    f4 v = load(x);    \
    x += channels;     \
    PIN(x);            \
    taps               \
  }
#define LOAD_WEIGHT(tap) f4 w##tap = load(w + 4 * tap);

static void TILE_NAME(const DepthwiseRow *op, int32_t offset, const float *w, float *y) {
  const int32_t channels = op->channels;
  f4 sum0 = load(w), sum1 = sum0, sum2 = sum0, sum3 = sum0, sum4 = sum0, sum5 = sum0, sum6 = sum0;
  w += 4;
  for (int32_t row = 0; row < KERNEL; row++) {
    const float *x = op->rows[row] + offset;
    WEIGHTS(LOAD_WEIGHT)
    w += 4 * KERNEL;
    COLUMNS
  }
  if (op->clip) {
    f4 low = splat(op->low), high = splat(op->high);
    sum0 = at_most(at_least(sum0, low), high);
    sum1 = at_most(at_least(sum1, low), high);
    sum2 = at_most(at_least(sum2, low), high);
    sum3 = at_most(at_least(sum3, low), high);
    sum4 = at_most(at_least(sum4, low), high);
    sum5 = at_most(at_least(sum5, low), high);
    sum6 = at_most(at_least(sum6, low), high);
  }
  store(y, sum0);
  store(y + channels, sum1);
  store(y + 2 * channels, sum2);
  store(y + 3 * channels, sum3);
  store(y + 4 * channels, sum4);
  store(y + 5 * channels, sum5);
  store(y + 6 * channels, sum6);
}

#undef TAP
#undef COLUMN
#undef LOAD_WEIGHT
#undef TILE_NAME
#undef WEIGHTS
#undef COLUMNS
#undef KERNEL
