// Checks of convolutions and pooling.

#include "checks.h"
#include "ops.h"

SMALL_CODE

// Whether all positions of the kernel along one axis are free of overflow.
static bool window(uint32_t in, uint32_t out, uint32_t kernel, uint32_t stride, uint32_t dilation, uint32_t pad) {
  uint64_t extent = (uint64_t)(kernel - 1) * dilation + (uint64_t)(out - 1) * stride;
  return extent <= MAX_FLOATS && (uint64_t)in + pad <= MAX_FLOATS;
}

bool check_conv(const Plan *plan, const ConvOp *op) {
  if (op->in_channels % op->groups || op->out_channels % op->groups) return false;
  if (!window(op->in_height, op->out_height, op->kernel_height, op->stride_height, op->dilation_height, op->pad_top) ||
      !window(op->in_width, op->out_width, op->kernel_width, op->stride_width, op->dilation_width, op->pad_left)) {
    return false;
  }
  uint64_t inputs = volume(op->kernel_height, op->kernel_width, op->in_channels / op->groups);
  if (!unpacked(plan, op->weights, PACKED_PANELS8, op->groups, inputs, op->out_channels / op->groups)) return false;
  uint64_t last = (uint64_t)(op->in_height - 1) * op->x_row + (uint64_t)(op->in_width - 1) * op->x_pixel +
                  (uint64_t)(op->in_channels - 1) * op->x_channel;
  uint64_t x = volume(op->in_height, op->in_width, op->in_channels);
  uint32_t shrink = op->max_pool ? 2 : 1;
  uint64_t pixels = volume(op->out_height / shrink, op->out_width / shrink, 1);
  if (op->max_pool && op->residual != ABSENT) return false;
  return last < x && reads(plan, op->x, x) &&
         writes_pixels(plan, op->y, pixels, op->out_channels, op->y_pixel, op->residual) && !overlaps(plan, op->x, op->y) &&
         (op->residual == ABSENT || !overlaps(plan, op->residual, op->y));
}

bool check_winograd(const Plan *plan, const WinogradOp *op) {
  if ((op->tile != 2 && op->tile != 4) || op->in_channels % op->groups || op->out_channels % op->groups) return false;
  if (!window(op->in_height, op->out_height, 3, 1, 1, op->pad_top) ||
      !window(op->in_width, op->out_width, 3, 1, 1, op->pad_left)) {
    return false;
  }
  uint64_t inputs = volume(op->tile + 2, op->tile + 2, op->in_channels / op->groups + 1);
  uint32_t layout = op->tile == 2 ? PACKED_WINOGRAD2 : PACKED_WINOGRAD4, shrink = op->max_pool ? 2 : 1;
  uint64_t pixels = volume(op->out_height / shrink, op->out_width / shrink, 1);
  if (op->max_pool && op->residual != ABSENT) return false;
  return unpacked(plan, op->weights, layout, op->groups, inputs, op->out_channels / op->groups) &&
         reads(plan, op->x, volume(op->in_height, op->in_width, op->in_channels)) &&
         writes_pixels(plan, op->y, pixels, op->out_channels, op->y_pixel, op->residual) && !overlaps(plan, op->x, op->y) &&
         !overlaps(plan, op->residual, op->y);
}

bool check_depthwise(const Plan *plan, const DepthwiseOp *op) {
  if (!window(op->in_height, op->out_height, op->kernel_height, op->stride_height, op->dilation_height, op->pad_top) ||
      !window(op->in_width, op->out_width, op->kernel_width, op->stride_width, op->dilation_width, op->pad_left)) {
    return false;
  }
  uint64_t places = volume(op->kernel_height, op->kernel_width, 1);
  return unpacked(plan, op->weights, PACKED_PANELS4, 1, places, op->channels) &&
         reads(plan, op->x, volume(op->in_height, op->in_width, op->channels)) &&
         writes(plan, op->y, volume(op->out_height, op->out_width, op->channels)) && !overlaps(plan, op->x, op->y) &&
         (op->sums == ABSENT || gathers(plan, op->sums, op->channels));
}

bool check_block(const Plan *plan, const BlockOp *op) {
  if (!window(op->in_height, op->out_height, op->kernel_height, op->stride_height, 1, op->pad_top) ||
      !window(op->in_width, op->out_width, op->kernel_width, op->stride_width, 1, op->pad_left)) {
    return false;
  }
  bool expands = op->expand != ABSENT, projects = op->project != ABSENT;
  if (expands ? !unpacked(plan, op->expand, PACKED_PANELS8, 1, op->in_channels, op->mid_channels)
              : op->mid_channels != op->in_channels) {
    return false;
  }
  if (projects ? !unpacked(plan, op->project, PACKED_PANELS8, 1, op->mid_channels, op->out_channels)
               : op->mid_channels != op->out_channels) {
    return false;
  }
  if (projects ? op->sums != ABSENT : op->residual != ABSENT) return false;
  uint64_t y = volume(op->out_height, op->out_width, op->out_channels);
  return unpacked(plan, op->depthwise, PACKED_PANELS4, 1, volume(op->kernel_height, op->kernel_width, 1),
                  op->mid_channels) &&
         reads(plan, op->x, volume(op->in_height, op->in_width, op->in_channels)) && reads_optional(plan, op->residual, y) &&
         writes(plan, op->y, y) && !overlaps(plan, op->x, op->y) && !overlaps(plan, op->residual, op->y) &&
         (op->sums == ABSENT || gathers(plan, op->sums, op->mid_channels));
}

// Whether every window along one axis contains a value of the input.
static bool windows_filled(uint32_t in, uint32_t out, uint32_t kernel, uint32_t stride, uint32_t dilation, uint32_t pad) {
  if (dilation == 1) return pad < kernel && (uint64_t)(out - 1) * stride < (uint64_t)in + pad;
  for (uint32_t o = 0; o < out; o++) {
    int64_t at = (int64_t)o * stride - pad;
    // The first position at or after 0.
    int64_t skipped = at < 0 ? (-at + dilation - 1) / dilation : 0;
    if (skipped >= kernel || at + skipped * dilation >= in) return false;
  }
  return true;
}

bool check_pool(const Plan *plan, const PoolOp *op) {
  if (!window(op->in_height, op->out_height, op->kernel_height, op->stride_height, op->dilation_height, op->pad_top) ||
      !window(op->in_width, op->out_width, op->kernel_width, op->stride_width, op->dilation_width, op->pad_left)) {
    return false;
  }
  return reads(plan, op->x, volume(op->in_height, op->in_width, op->channels)) &&
         writes_pixels(plan, op->y, volume(op->out_height, op->out_width, 1), op->channels, op->y_pixel, ABSENT) &&
         !overlaps(plan, op->x, op->y) &&
         windows_filled(op->in_height, op->out_height, op->kernel_height, op->stride_height, op->dilation_height,
                        op->pad_top) &&
         windows_filled(op->in_width, op->out_width, op->kernel_width, op->stride_width, op->dilation_width, op->pad_left);
}

SMALL_CODE_END
