#include "gather.h"

#include <stdbool.h>

#include "moves.h"

enum { FEW_CHANNELS = 4 };

// The values under the kernel for one output pixel: [kernel_height][kernel_width][channels of the group], zeros outside.
static void gather_pixel(const Conv *op, const float *x, int32_t channels, int32_t row, int32_t column, float *y) {
  const int32_t top = row * op->stride_height - op->pad_top, left = column * op->stride_width - op->pad_left;
  const bool inside_row = left >= 0 && left + (op->kernel_width - 1) * op->dilation_width < op->in_width;
  const bool in_one_piece = op->dilation_width == 1 && op->x_channel == 1 && op->x_pixel == channels;
  for (int32_t i = 0; i < op->kernel_height; i++) {
    int32_t h = top + i * op->dilation_height;
    if (h < 0 || h >= op->in_height) {
      fill_values(y, op->kernel_width * channels, 0);
      y += op->kernel_width * channels;
      continue;
    }
    const float *line = x + (int64_t)h * op->x_row;
    if (inside_row && in_one_piece) {
      copy_values(line + (int64_t)left * op->x_pixel, y, op->kernel_width * channels);
      y += op->kernel_width * channels;
      continue;
    }
    for (int32_t j = 0; j < op->kernel_width; j++, y += channels) {
      int32_t w = left + j * op->dilation_width;
      const float *pixel = line + (int64_t)w * op->x_pixel;
      if (w < 0 || w >= op->in_width) {
        fill_values(y, channels, 0);
      } else if (op->x_channel == 1) {
        copy_values(pixel, y, channels);
      } else {
        for (int32_t c = 0; c < channels; c++) y[c] = pixel[(int64_t)c * op->x_channel];
      }
    }
  }
}

// One kernel row of one channel, for `count` pixels whose kernel lies inside entirely. The common case of three taps is
// unrolled: the first convolution of a network takes 0.43 ms with it and 0.63 without.
static void gather_taps(const float *x, int32_t x_tap, int32_t x_step, float *y, int32_t y_tap, int32_t y_step, int32_t taps,
                        int32_t count) {
  for (; taps >= 3; taps -= 3, x += 3 * x_tap, y += 3 * y_tap) {
    const float *from = x, *from1 = x + x_tap, *from2 = x + 2 * x_tap;
    float *to = y;
    for (int32_t i = 0; i < count; i++) {
      float a = *from, b = *from1, c = *from2;
      to[0] = a;
      to[y_tap] = b;
      to[2 * y_tap] = c;
      from += x_step;
      from1 += x_step;
      from2 += x_step;
      to += y_step;
    }
  }
  for (; taps > 0; taps--, x += x_tap, y += y_tap) {
    for (int32_t i = 0; i < count; i++) y[(int64_t)i * y_step] = x[(int64_t)i * x_step];
  }
}

// For pixels whose kernel lies inside in both dimensions, and few channels: one kernel row and channel at a time.
static void gather_few(const Conv *op, const float *x, int32_t channels, int32_t row, int32_t column, int32_t columns,
                       float *y) {
  const int32_t inputs = op->kernel_height * op->kernel_width * channels;
  const int32_t left = column * op->stride_width - op->pad_left;
  for (int32_t i = 0; i < op->kernel_height; i++, y += op->kernel_width * channels) {
    int32_t h = row * op->stride_height - op->pad_top + i * op->dilation_height;
    if (h < 0 || h >= op->in_height) {
      for (int32_t j = 0; j < columns; j++) fill_values(y + (int64_t)j * inputs, op->kernel_width * channels, 0);
      continue;
    }
    const float *line = x + (int64_t)h * op->x_row + (int64_t)left * op->x_pixel;
    for (int32_t c = 0; c < channels; c++) {
      gather_taps(line + (int64_t)c * op->x_channel, op->dilation_width * op->x_pixel, op->stride_width * op->x_pixel, y + c,
                  channels, inputs, op->kernel_width, columns);
    }
  }
}

void gather_row(const Conv *op, const float *x, int32_t channels, int32_t row, int32_t column, int32_t columns, float *y) {
  const int32_t inputs = op->kernel_height * op->kernel_width * channels, end = column + columns;
  const int32_t reach = (op->kernel_width - 1) * op->dilation_width;
  const int32_t first_inside = ceil_div(op->pad_left, op->stride_width);
  const int32_t room = op->in_width + op->pad_left - reach;
  const int32_t end_inside = room > 0 ? ceil_div(room, op->stride_width) : 0;
  const bool few = channels <= FEW_CHANNELS;
  while (column < end) {
    if (few && column >= first_inside && column < end_inside) {
      int32_t count = min_int(end, end_inside) - column;
      gather_few(op, x, channels, row, column, count, y);
      column += count;
      y += count * inputs;
    } else {
      gather_pixel(op, x, channels, row, column, y);
      column++;
      y += inputs;
    }
  }
}
