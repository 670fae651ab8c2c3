#include "depthwise_row.h"

#include "vector.h"

#define TILE_NAME tile_3_stride_1
#define KERNEL 3
#define EACH_TAP(X) X(0) X(1) X(2)
#define EACH_ROW(X) X(0) X(1) X(2)
#define COLUMNS                         \
  COLUMN(TAP(0, 0))                     \
  COLUMN(TAP(0, 1) TAP(1, 0))           \
  COLUMN(TAP(0, 2) TAP(1, 1) TAP(2, 0)) \
  COLUMN(TAP(1, 2) TAP(2, 1) TAP(3, 0)) \
  COLUMN(TAP(2, 2) TAP(3, 1) TAP(4, 0)) \
  COLUMN(TAP(3, 2) TAP(4, 1) TAP(5, 0)) \
  COLUMN(TAP(4, 2) TAP(5, 1) TAP(6, 0)) \
  COLUMN(TAP(5, 2) TAP(6, 1))           \
  COLUMN(TAP(6, 2))
#include "depthwise_tile.h"

#define TILE_NAME tile_3_stride_2
#define KERNEL 3
#define EACH_TAP(X) X(0) X(1) X(2)
#define EACH_ROW(X) X(0) X(1) X(2)
#define COLUMNS               \
  COLUMN(TAP(0, 0))           \
  COLUMN(TAP(0, 1))           \
  COLUMN(TAP(0, 2) TAP(1, 0)) \
  COLUMN(TAP(1, 1))           \
  COLUMN(TAP(1, 2) TAP(2, 0)) \
  COLUMN(TAP(2, 1))           \
  COLUMN(TAP(2, 2) TAP(3, 0)) \
  COLUMN(TAP(3, 1))           \
  COLUMN(TAP(3, 2) TAP(4, 0)) \
  COLUMN(TAP(4, 1))           \
  COLUMN(TAP(4, 2) TAP(5, 0)) \
  COLUMN(TAP(5, 1))           \
  COLUMN(TAP(5, 2) TAP(6, 0)) \
  COLUMN(TAP(6, 1))           \
  COLUMN(TAP(6, 2))
#include "depthwise_tile.h"

#define TILE_NAME tile_5_stride_1
#define KERNEL 5
#define EACH_TAP(X) X(0) X(1) X(2) X(3) X(4)
#define EACH_ROW(X) X(0) X(1) X(2) X(3) X(4)
#define COLUMNS                                             \
  COLUMN(TAP(0, 0))                                         \
  COLUMN(TAP(0, 1) TAP(1, 0))                               \
  COLUMN(TAP(0, 2) TAP(1, 1) TAP(2, 0))                     \
  COLUMN(TAP(0, 3) TAP(1, 2) TAP(2, 1) TAP(3, 0))           \
  COLUMN(TAP(0, 4) TAP(1, 3) TAP(2, 2) TAP(3, 1) TAP(4, 0)) \
  COLUMN(TAP(1, 4) TAP(2, 3) TAP(3, 2) TAP(4, 1) TAP(5, 0)) \
  COLUMN(TAP(2, 4) TAP(3, 3) TAP(4, 2) TAP(5, 1) TAP(6, 0)) \
  COLUMN(TAP(3, 4) TAP(4, 3) TAP(5, 2) TAP(6, 1))           \
  COLUMN(TAP(4, 4) TAP(5, 3) TAP(6, 2))                     \
  COLUMN(TAP(5, 4) TAP(6, 3))                               \
  COLUMN(TAP(6, 4))
#include "depthwise_tile.h"

#define TILE_NAME tile_5_stride_2
#define KERNEL 5
#define EACH_TAP(X) X(0) X(1) X(2) X(3) X(4)
#define EACH_ROW(X) X(0) X(1) X(2) X(3) X(4)
#define COLUMNS                         \
  COLUMN(TAP(0, 0))                     \
  COLUMN(TAP(0, 1))                     \
  COLUMN(TAP(0, 2) TAP(1, 0))           \
  COLUMN(TAP(0, 3) TAP(1, 1))           \
  COLUMN(TAP(0, 4) TAP(1, 2) TAP(2, 0)) \
  COLUMN(TAP(1, 3) TAP(2, 1))           \
  COLUMN(TAP(1, 4) TAP(2, 2) TAP(3, 0)) \
  COLUMN(TAP(2, 3) TAP(3, 1))           \
  COLUMN(TAP(2, 4) TAP(3, 2) TAP(4, 0)) \
  COLUMN(TAP(3, 3) TAP(4, 1))           \
  COLUMN(TAP(3, 4) TAP(4, 2) TAP(5, 0)) \
  COLUMN(TAP(4, 3) TAP(5, 1))           \
  COLUMN(TAP(4, 4) TAP(5, 2) TAP(6, 0)) \
  COLUMN(TAP(5, 3) TAP(6, 1))           \
  COLUMN(TAP(5, 4) TAP(6, 2))           \
  COLUMN(TAP(6, 3))                     \
  COLUMN(TAP(6, 4))
#include "depthwise_tile.h"

// The same of any kernel, stride and dilation: a tap at a time, with one weight for seven outputs.
#define EACH_OUTPUT(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6)
#define OUTPUT(number)                                                           \
  sum##number = madd(load((const float *)(const void *)x), weight, sum##number); \
  x += step;                                                                     \
  PIN(x);
#define FINISH(number)                                                   \
  store((float *)(void *)to, at_most(at_least(sum##number, low), high)); \
  to += pixel;

static void tile_any(const DepthwiseRow *op, int32_t offset, float *y) {
  const int32_t pixel = op->channels * 4, step = pixel * op->stride, tap = pixel * op->dilation;
  const float *w = op->weights;
  const f4 low = splat(op->clip ? op->low : -__builtin_inff()), high = splat(op->clip ? op->high : __builtin_inff());
  for (int32_t c = op->channels; c >= 4; c -= 4, y += 4, offset += 4) {
    f4 sum0 = load(w), sum1 = sum0, sum2 = sum0, sum3 = sum0, sum4 = sum0, sum5 = sum0, sum6 = sum0;
    w += 4;
    for (int32_t row = 0; row < op->kernel_height; row++) {
      const char *from = (const char *)(op->rows[row] + offset);
      for (int32_t column = 0; column < op->kernel_width; column++, from += tap, w += 4) {
        const char *x = from;
        const f4 weight = load(w);
        EACH_OUTPUT(OUTPUT)
      }
    }
    char *to = (char *)y;
    EACH_OUTPUT(FINISH)
  }
}

typedef void Tile(const DepthwiseRow *, int32_t offset, float *y);

static Tile *tile_for(const DepthwiseRow *op) {
  if (op->width < 7) return 0;
  if (op->dilation != 1 || op->kernel_height != op->kernel_width) return tile_any;
  if (op->kernel_width == 3 && op->stride == 1) return tile_3_stride_1;
  if (op->kernel_width == 3 && op->stride == 2) return tile_3_stride_2;
  if (op->kernel_width == 5 && op->stride == 1) return tile_5_stride_1;
  if (op->kernel_width == 5 && op->stride == 2) return tile_5_stride_2;
  return tile_any;
}

// One output pixel of up to four channels, for any kernel.
static void point(const DepthwiseRow *op, int32_t offset, const float *w, float *y, int32_t lanes) {
  f4 sum = load(w);
  w += 4;
  for (int32_t row = 0; row < op->kernel_height; row++) {
    const float *x = op->rows[row] + offset;
    for (int32_t column = 0; column < op->kernel_width; column++, w += 4) {
      f4 v = lanes < 4 ? load_some(x, lanes) : load(x);
      sum = madd(v, load(w), sum);
      x += op->dilation * op->channels;
    }
  }
  if (op->clip) sum = at_most(at_least(sum, splat(op->low)), splat(op->high));
  if (lanes < 4) {
    store_some(y, sum, lanes);
  } else {
    store(y, sum);
  }
}

// Output pixels [column, column + count) of the channels from `first` on.
static void points(const DepthwiseRow *op, int32_t column, int32_t count, int32_t first) {
  const int32_t panel = 4 * (op->kernel_height * op->kernel_width + 1), channels = op->channels;
  for (int32_t i = column; i < column + count; i++) {
    for (int32_t c = first; c < channels; c += 4) {
      const float *w = op->weights + c / 4 * panel;
      point(op, i * op->stride * channels + c, w, op->y + i * channels + c, min_int(channels - c, 4));
    }
  }
}

void depthwise_row(const DepthwiseRow *op) {
  const int32_t channels = op->channels;
  Tile *tile = tile_for(op);
  if (!tile) {
    points(op, 0, op->width, 0);
    return;
  }
  for (int32_t column = 0; column < op->width; column += 7) {
    // The last tile may overlap the one before it, and then recomputes the same values.
    int32_t first = min_int(column, op->width - 7);
    tile(op, first * op->stride * channels, op->y + first * channels);
    if (channels % 4) points(op, first, 7, channels / 4 * 4);
  }
}
