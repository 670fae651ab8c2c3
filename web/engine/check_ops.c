// Each operator's fields against one another and against the tensors that it names, so that no kernel reads or writes
// outside of them.

#include "plan.h"

// What a size may be at most.
static bool sides(const uint32_t *first, int count) {
  for (int i = 0; i < count; i++) {
    if (!first[i] || first[i] > MAX_SIDE) return false;
  }
  return true;
}

// a * b * c, or more than any length where that is too much.
static uint64_t volume(uint64_t a, uint64_t b, uint64_t c) {
  uint64_t ab = a * b; // both below 2^31
  return ab > MAX_FLOATS ? ~0ull : ab * c;
}

static bool known(const Plan *plan, uint32_t tensor) { return tensor < plan->header->tensors; }

// Whether `tensor` can be read as `length` floats.
static bool reads(const Plan *plan, uint32_t tensor, uint64_t length) {
  if (!known(plan, tensor) || plan->tensors[tensor].length != length) return false;
  const Tensor *found = &plan->tensors[tensor];
  if (found->place == PLACE_SLOT) return plan->slots[found->offset].kind == SLOT_FLAT;
  return found->place != PLACE_SUMS;
}

static bool reads_if_any(const Plan *plan, uint32_t tensor, uint64_t length) {
  return tensor == ABSENT || reads(plan, tensor, length);
}

static bool writes(const Plan *plan, uint32_t tensor, uint64_t length) {
  return known(plan, tensor) && plan->tensors[tensor].length == length && plan->tensors[tensor].place == PLACE_ARENA;
}

static bool gathers(const Plan *plan, uint32_t tensor, uint64_t length) {
  return known(plan, tensor) && plan->tensors[tensor].length == length && plan->tensors[tensor].place == PLACE_SUMS;
}

// Whether `tensor` is a slot of this kind and size.
static bool unpacked(const Plan *plan, uint32_t tensor, uint32_t kind, uint64_t groups, uint64_t inputs, uint64_t outputs) {
  if (!known(plan, tensor) || plan->tensors[tensor].place != PLACE_SLOT) return false;
  const Slot *slot = &plan->slots[plan->tensors[tensor].offset];
  return slot->kind == kind && slot->groups == groups && slot->inputs == inputs && slot->outputs == outputs;
}

static bool overlaps(const Plan *plan, uint32_t a, uint32_t b) {
  if (!known(plan, a) || !known(plan, b)) return false; // an absent one
  const Tensor *first = &plan->tensors[a], *second = &plan->tensors[b];
  if (first->place != PLACE_ARENA || second->place != PLACE_ARENA) return false;
  return first->offset < second->offset + second->length && second->offset < first->offset + first->length;
}

// In place: both the very same numbers, or nothing in common.
static bool same_or_apart(const Plan *plan, uint32_t a, uint32_t b) {
  return !overlaps(plan, a, b) || plan->tensors[a].offset == plan->tensors[b].offset;
}

static bool activation(const Activation *activation) {
  return activation->kind >= 0 && activation->kind < ACTIVATIONS;
}

static bool check_activate(const Plan *plan, const ActivateOp *op) {
  return reads(plan, op->x, op->count) && writes(plan, op->y, op->count) && same_or_apart(plan, op->x, op->y) &&
         activation(&op->activation);
}

static bool check_product(const Plan *plan, const ProductOp *op) {
  if (!sides(&op->rows, 3) || !activation(&op->activation)) return false;
  uint64_t y = volume(op->rows, op->outputs, 1);
  bool panels = unpacked(plan, op->weights, SLOT_PANELS8, 1, op->inputs, op->outputs);
  if (!panels) {
    panels = reads(plan, op->weights, panel_floats((int32_t)op->inputs, (int32_t)op->outputs));
    if (panels && overlaps(plan, op->weights, op->y)) return false;
  }
  return panels && reads(plan, op->x, volume(op->rows, op->inputs, 1)) && reads_if_any(plan, op->gate, op->inputs) &&
         reads_if_any(plan, op->residual, y) && writes(plan, op->y, y) && !overlaps(plan, op->x, op->y) &&
         !overlaps(plan, op->gate, op->y) && (op->residual == ABSENT || same_or_apart(plan, op->residual, op->y));
}

static bool check_matrix(const Plan *plan, const MatrixOp *op) {
  return sides(&op->inputs, 2) && activation(&op->activation) &&
         unpacked(plan, op->weights, SLOT_MATRIX, 1, op->inputs, op->outputs) && reads(plan, op->x, op->inputs) &&
         writes(plan, op->y, op->outputs) && !overlaps(plan, op->x, op->y);
}

// Whether the kernel's places are at most MAX_SIDE from the input, so that no index overflows, along one axis.
static bool window(uint32_t in, uint32_t out, uint32_t kernel, uint32_t stride, uint32_t dilation, uint32_t pad) {
  uint64_t extent = (uint64_t)(kernel - 1) * dilation + (uint64_t)(out - 1) * stride;
  return pad <= MAX_SIDE && extent <= MAX_FLOATS && (uint64_t)in + pad <= MAX_FLOATS;
}

static bool check_conv(const Plan *plan, const ConvOp *op) {
  if (!sides(&op->in_height, 3) || !sides(&op->out_height, 10) || op->max_pool > 1) return false;
  if (op->x_row > MAX_FLOATS || op->x_pixel > MAX_FLOATS || op->x_channel > MAX_FLOATS) return false;
  if (op->in_channels % op->groups || op->out_channels % op->groups || !activation(&op->activation)) return false;
  if (!window(op->in_height, op->out_height, op->kernel_height, op->stride_height, op->dilation_height, op->pad_top) ||
      !window(op->in_width, op->out_width, op->kernel_width, op->stride_width, op->dilation_width, op->pad_left)) {
    return false;
  }
  uint64_t inputs = volume(op->kernel_height, op->kernel_width, op->in_channels / op->groups);
  if (!unpacked(plan, op->weights, SLOT_PANELS8, op->groups, inputs, op->out_channels / op->groups)) return false;
  uint64_t last = (uint64_t)(op->in_height - 1) * op->x_row + (uint64_t)(op->in_width - 1) * op->x_pixel +
                  (uint64_t)(op->in_channels - 1) * op->x_channel;
  uint64_t x = volume(op->in_height, op->in_width, op->in_channels);
  uint32_t shrink = op->max_pool ? 2 : 1;
  uint64_t y = volume(op->out_height / shrink, op->out_width / shrink, op->out_channels);
  if (op->max_pool && op->residual != ABSENT) return false;
  return last < x && reads(plan, op->x, x) && writes(plan, op->y, y) && reads_if_any(plan, op->residual, y) &&
         !overlaps(plan, op->x, op->y) && (op->residual == ABSENT || !overlaps(plan, op->residual, op->y));
}

static bool check_depthwise(const Plan *plan, const DepthwiseOp *op) {
  if (!sides(&op->channels, 11) || !activation(&op->activation)) return false;
  if (!window(op->in_height, op->out_height, op->kernel_height, op->stride_height, op->dilation_height, op->pad_top) ||
      !window(op->in_width, op->out_width, op->kernel_width, op->stride_width, op->dilation_width, op->pad_left)) {
    return false;
  }
  uint64_t places = volume(op->kernel_height, op->kernel_width, 1);
  return unpacked(plan, op->weights, SLOT_PANELS4, 1, places, op->channels) &&
         reads(plan, op->x, volume(op->in_height, op->in_width, op->channels)) &&
         writes(plan, op->y, volume(op->out_height, op->out_width, op->channels)) && !overlaps(plan, op->x, op->y) &&
         (op->sums == ABSENT || gathers(plan, op->sums, op->channels));
}

static bool check_block(const Plan *plan, const BlockOp *op) {
  if (!sides(&op->in_height, 11) || !activation(&op->expand_activation) || !activation(&op->depthwise_activation) ||
      !activation(&op->project_activation)) {
    return false;
  }
  if (!window(op->in_height, op->out_height, op->kernel_height, op->stride_height, 1, op->pad_top) ||
      !window(op->in_width, op->out_width, op->kernel_width, op->stride_width, 1, op->pad_left)) {
    return false;
  }
  bool expands = op->expand != ABSENT, projects = op->project != ABSENT;
  if (expands ? !unpacked(plan, op->expand, SLOT_PANELS8, 1, op->in_channels, op->mid_channels)
              : op->mid_channels != op->in_channels) {
    return false;
  }
  if (projects ? !unpacked(plan, op->project, SLOT_PANELS8, 1, op->mid_channels, op->out_channels)
               : op->mid_channels != op->out_channels) {
    return false;
  }
  if (projects ? op->sums != ABSENT : op->residual != ABSENT) return false;
  uint64_t y = volume(op->out_height, op->out_width, op->out_channels);
  return unpacked(plan, op->depthwise, SLOT_PANELS4, 1, volume(op->kernel_height, op->kernel_width, 1), op->mid_channels) &&
         reads(plan, op->x, volume(op->in_height, op->in_width, op->in_channels)) && reads_if_any(plan, op->residual, y) &&
         writes(plan, op->y, y) && !overlaps(plan, op->x, op->y) && !overlaps(plan, op->residual, op->y) &&
         (op->sums == ABSENT || gathers(plan, op->sums, op->mid_channels));
}

static bool check_squeeze(const Plan *plan, const SqueezeExciteOp *op) {
  return sides(&op->channels, 3) && activation(&op->first_activation) && activation(&op->second_activation) &&
         gathers(plan, op->sums, op->channels) &&
         unpacked(plan, op->first, SLOT_PANELS8, 1, op->channels, op->hidden) &&
         unpacked(plan, op->second, SLOT_PANELS8, 1, op->hidden, op->channels) && writes(plan, op->gate, op->channels);
}

static bool check_mean(const Plan *plan, const MeanOfSumsOp *op) {
  return sides(&op->channels, 2) && gathers(plan, op->sums, op->channels) && writes(plan, op->y, op->channels);
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

static bool check_pool(const Plan *plan, const PoolOp *op) {
  if (!sides(&op->channels, 11) || op->kind >= POOLS) return false;
  if (op->pad_bottom > MAX_SIDE || op->pad_right > MAX_SIDE) return false;
  if (!window(op->in_height, op->out_height, op->kernel_height, op->stride_height, op->dilation_height, op->pad_top) ||
      !window(op->in_width, op->out_width, op->kernel_width, op->stride_width, op->dilation_width, op->pad_left)) {
    return false;
  }
  return reads(plan, op->x, volume(op->in_height, op->in_width, op->channels)) &&
         writes(plan, op->y, volume(op->out_height, op->out_width, op->channels)) && !overlaps(plan, op->x, op->y) &&
         windows_filled(op->in_height, op->out_height, op->kernel_height, op->stride_height, op->dilation_height, op->pad_top) &&
         windows_filled(op->in_width, op->out_width, op->kernel_width, op->stride_width, op->dilation_width, op->pad_left);
}

static bool check_reduce(const Plan *plan, const ReduceOp *op) {
  return sides(&op->outer, 3) && op->kind < REDUCTIONS && reads(plan, op->x, volume(op->outer, op->middle, op->inner)) &&
         writes(plan, op->y, volume(op->outer, op->inner, 1)) && !overlaps(plan, op->x, op->y);
}

static bool check_softmax(const Plan *plan, const SoftmaxOp *op) {
  uint64_t count = volume(op->outer, op->middle, op->inner);
  return sides(&op->outer, 3) && reads(plan, op->x, count) && writes(plan, op->y, count) &&
         same_or_apart(plan, op->x, op->y);
}

// The lowest and highest float that strides reach from `first` on.
static bool within(uint64_t first, uint32_t rank, const uint32_t *shape, const int32_t *strides, uint64_t length) {
  int64_t low = (int64_t)first, high = (int64_t)first;
  for (uint32_t i = 0; i < rank; i++) {
    int64_t step = (int64_t)(shape[i] - 1) * strides[i];
    if (step < 0) low += step;
    if (step > 0) high += step;
  }
  return low >= 0 && high < (int64_t)length;
}

// Whether no two indices write the same place: each axis steps over all that the axes with smaller steps reach.
static bool distinct(uint32_t rank, const uint32_t *shape, const int32_t *strides) {
  for (uint32_t i = 0; i < rank; i++) {
    if (shape[i] == 1) continue;
    if (strides[i] <= 0) return false;
    uint64_t below = 0;
    for (uint32_t j = 0; j < rank; j++) {
      if (j == i || shape[j] == 1) continue;
      if (strides[j] == strides[i]) return false;
      if (strides[j] < strides[i]) below += (uint64_t)(shape[j] - 1) * (uint64_t)strides[j];
    }
    if (below >= (uint64_t)strides[i]) return false;
  }
  return true;
}

static bool ranked(uint32_t rank, const uint32_t *shape, uint64_t *count) {
  if (!rank || rank > MAX_RANK) return false;
  *count = 1;
  for (uint32_t i = 0; i < rank; i++) {
    if (!shape[i] || shape[i] > MAX_FLOATS || (*count *= shape[i]) > MAX_FLOATS) return false;
  }
  return true;
}

// An operand in the place of the result: it has to be as dense.
static bool in_place(const Plan *plan, const BinaryOp *op, uint32_t operand, const uint32_t *strides) {
  if (!overlaps(plan, operand, op->y)) return true;
  if (plan->tensors[operand].offset != plan->tensors[op->y].offset) return false;
  uint64_t dense = 1;
  for (uint32_t i = op->rank; i-- > 0; dense *= op->shape[i]) {
    if (op->shape[i] != 1 && strides[i] != dense) return false;
  }
  return true;
}

static bool operand(const Plan *plan, const BinaryOp *op, uint32_t tensor, const uint32_t *strides) {
  if (!known(plan, tensor)) return false;
  for (uint32_t i = 0; i < op->rank; i++) {
    if (strides[i] > MAX_FLOATS) return false;
  }
  uint32_t length = plan->tensors[tensor].length;
  return reads(plan, tensor, length) && within(0, op->rank, op->shape, (const int32_t *)strides, length) &&
         in_place(plan, op, tensor, strides);
}

static bool check_binary(const Plan *plan, const BinaryOp *op) {
  uint64_t count;
  return op->kind < BINARIES && ranked(op->rank, op->shape, &count) && activation(&op->activation) &&
         writes(plan, op->y, count) && operand(plan, op, op->a, op->a_strides) && operand(plan, op, op->b, op->b_strides);
}

static bool check_copy(const Plan *plan, const CopyOp *op) {
  uint64_t count;
  if (!ranked(op->rank, op->shape, &count) || !known(plan, op->x) || !known(plan, op->y)) return false;
  uint32_t x = plan->tensors[op->x].length, y = plan->tensors[op->y].length;
  for (uint32_t i = 0; i < op->rank; i++) {
    if (op->x_strides[i] > MAX_FLOATS || op->x_strides[i] < -MAX_FLOATS || op->y_strides[i] > MAX_FLOATS) return false;
  }
  return reads(plan, op->x, x) && writes(plan, op->y, y) && !overlaps(plan, op->x, op->y) &&
         within(op->x_first, op->rank, op->shape, op->x_strides, x) && distinct(op->rank, op->shape, op->y_strides) &&
         within(op->y_first, op->rank, op->shape, op->y_strides, y);
}

static bool check_pack(const Plan *plan, const PackPanelsOp *op) {
  if (!sides(&op->inputs, 2) || !known(plan, op->x)) return false;
  if (op->input_stride > MAX_FLOATS || op->output_stride > MAX_FLOATS) return false;
  uint32_t length = plan->tensors[op->x].length;
  uint64_t last = (uint64_t)(op->inputs - 1) * op->input_stride + (uint64_t)(op->outputs - 1) * op->output_stride;
  return last < length && reads(plan, op->x, length) && !overlaps(plan, op->x, op->y) &&
         writes(plan, op->y, panel_floats((int32_t)op->inputs, (int32_t)op->outputs));
}

static bool check_op(const Plan *plan, uint32_t kind, const void *op) {
  switch (kind) {
    case OP_ACTIVATE: return check_activate(plan, op);
    case OP_PRODUCT: return check_product(plan, op);
    case OP_MATRIX: return check_matrix(plan, op);
    case OP_CONV: return check_conv(plan, op);
    case OP_DEPTHWISE: return check_depthwise(plan, op);
    case OP_BLOCK: return check_block(plan, op);
    case OP_SQUEEZE_EXCITE: return check_squeeze(plan, op);
    case OP_MEAN_OF_SUMS: return check_mean(plan, op);
    case OP_POOL: return check_pool(plan, op);
    case OP_REDUCE: return check_reduce(plan, op);
    case OP_SOFTMAX: return check_softmax(plan, op);
    case OP_BINARY: return check_binary(plan, op);
    case OP_COPY: return check_copy(plan, op);
    case OP_FILL: return writes(plan, ((const FillOp *)op)->y, ((const FillOp *)op)->count);
    case OP_PACK_PANELS: return check_pack(plan, op);
    default: return false;
  }
}

uint32_t plan_op_words(uint32_t kind) {
  static const uint8_t words[OPS] = {
      [OP_ACTIVATE] = sizeof(ActivateOp) / 4,
      [OP_PRODUCT] = sizeof(ProductOp) / 4,
      [OP_MATRIX] = sizeof(MatrixOp) / 4,
      [OP_CONV] = sizeof(ConvOp) / 4,
      [OP_DEPTHWISE] = sizeof(DepthwiseOp) / 4,
      [OP_BLOCK] = sizeof(BlockOp) / 4,
      [OP_SQUEEZE_EXCITE] = sizeof(SqueezeExciteOp) / 4,
      [OP_MEAN_OF_SUMS] = sizeof(MeanOfSumsOp) / 4,
      [OP_POOL] = sizeof(PoolOp) / 4,
      [OP_REDUCE] = sizeof(ReduceOp) / 4,
      [OP_SOFTMAX] = sizeof(SoftmaxOp) / 4,
      [OP_BINARY] = sizeof(BinaryOp) / 4,
      [OP_COPY] = sizeof(CopyOp) / 4,
      [OP_FILL] = sizeof(FillOp) / 4,
      [OP_PACK_PANELS] = sizeof(PackPanelsOp) / 4,
  };
  return kind < OPS ? words[kind] : 0;
}

// Whether `op` of this kind reads sums, or writes them.
static bool reads_sums(uint32_t kind) { return kind == OP_SQUEEZE_EXCITE || kind == OP_MEAN_OF_SUMS; }

EngineCode plan_check_ops(const Plan *plan) {
  const uint32_t *at = plan->ops, *end = at + plan->header->op_words;
  uint32_t sums = 0; // channels of those that the operator before gathered
  for (uint32_t i = 0; i < plan->header->ops; i++) {
    if (at == end) return ENGINE_BAD_SECTION;
    uint32_t kind = *at++, words = plan_op_words(kind);
    if (!words || (uint64_t)(end - at) < words) return ENGINE_BAD_OP;
    if (!check_op(plan, kind, at)) return ENGINE_BAD_OP;
    // Sums are of no worth but right after they were gathered, nor is the memory for them larger than one row a thread.
    if (reads_sums(kind) && sums != plan->tensors[at[0]].length) return ENGINE_BAD_OP;
    uint32_t gathered = kind == OP_DEPTHWISE ? ((const DepthwiseOp *)at)->sums : kind == OP_BLOCK ? ((const BlockOp *)at)->sums : ABSENT;
    sums = gathered == ABSENT ? 0 : plan->tensors[gathered].length;
    at += words;
  }
  return at == end ? ENGINE_OK : ENGINE_BAD_SECTION;
}
