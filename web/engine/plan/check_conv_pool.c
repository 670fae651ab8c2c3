// Operators whose kernels slide over a picture.

#include "checks.h"

// Whether the kernel's places are at most MAX_DIMENSION from the input, so that no index overflows, along one axis.
static bool window(uint32_t in, uint32_t out, uint32_t kernel, uint32_t stride, uint32_t dilation, uint32_t pad) {
  uint64_t extent = (uint64_t)(kernel - 1) * dilation + (uint64_t)(out - 1) * stride;
  return pad <= MAX_DIMENSION && extent <= MAX_FLOATS && (uint64_t)in + pad <= MAX_FLOATS;
}

bool check_conv(const Plan *plan, const ConvOp *op) {
  if (!dimensions(&op->in_height, 3) || !dimensions(&op->out_height, 10) || op->max_pool > 1) return false;
  if (op->x_row > MAX_FLOATS || op->x_pixel > MAX_FLOATS || op->x_channel > MAX_FLOATS) return false;
  if (op->in_channels % op->groups || op->out_channels % op->groups || !activation(&op->activation)) return false;
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
  uint64_t y = volume(op->out_height / shrink, op->out_width / shrink, op->out_channels);
  if (op->max_pool && op->residual != ABSENT) return false;
  return last < x && reads(plan, op->x, x) && writes(plan, op->y, y) && reads_optional(plan, op->residual, y) &&
         !overlaps(plan, op->x, op->y) && (op->residual == ABSENT || !overlaps(plan, op->residual, op->y));
}

bool check_depthwise(const Plan *plan, const DepthwiseOp *op) {
  if (!dimensions(&op->channels, 11) || !activation(&op->activation)) return false;
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
  if (!dimensions(&op->in_height, 11) || !activation(&op->expand_activation) || !activation(&op->depthwise_activation) ||
      !activation(&op->project_activation)) {
    return false;
  }
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

// Whether every window along one axis has a value within the input.
static bool windows_filled(uint32_t in, uint32_t out, uint32_t kernel, uint32_t stride, uint32_t dilation, uint32_t pad) {
  if (dilation == 1) return pad < kernel && (uint64_t)(out - 1) * stride < (uint64_t)in + pad;
  for (uint32_t o = 0; o < out; o++) {
    int64_t at = (int64_t)o * stride - pad;
    // The first place at or after 0.
    int64_t skipped = at < 0 ? (-at + dilation - 1) / dilation : 0;
    if (skipped >= kernel || at + skipped * dilation >= in) return false;
  }
  return true;
}

bool check_pool(const Plan *plan, const PoolOp *op) {
  if (!dimensions(&op->channels, 11) || op->kind >= POOLS) return false;
  if (op->pad_bottom > MAX_DIMENSION || op->pad_right > MAX_DIMENSION) return false;
  if (!window(op->in_height, op->out_height, op->kernel_height, op->stride_height, op->dilation_height, op->pad_top) ||
      !window(op->in_width, op->out_width, op->kernel_width, op->stride_width, op->dilation_width, op->pad_left)) {
    return false;
  }
  return reads(plan, op->x, volume(op->in_height, op->in_width, op->channels)) &&
         writes(plan, op->y, volume(op->out_height, op->out_width, op->channels)) && !overlaps(plan, op->x, op->y) &&
         windows_filled(op->in_height, op->out_height, op->kernel_height, op->stride_height, op->dilation_height,
                        op->pad_top) &&
         windows_filled(op->in_width, op->out_width, op->kernel_width, op->stride_width, op->dilation_width, op->pad_left);
}
