// Reads a plan and refuses it unless every tensor, packed weight and pack rule lies within its limits.

#include "plan.h"

SMALL_CODE

enum { MAX_COUNT = 1 << 20 };

static uint32_t checksum(const uint32_t *words, uint32_t count) {
  uint32_t hash = 2166136261u;
  for (uint32_t i = 0; i < count; i++) hash = (hash ^ words[i]) * 16777619u;
  return hash;
}

uint64_t packed_floats(const PackedWeight *packed) {
  if (packed->layout == PACKED_FLAT) return packed->inputs;
  uint64_t width = packed->layout == PACKED_PANELS4 ? 4 : 8;
  return packed->groups * ((packed->outputs + width - 1) / width * width * ((uint64_t)packed->inputs + 1));
}

static EngineCode check_tensors(const Plan *plan) {
  const Header *header = plan->header;
  for (uint32_t i = 0; i < header->tensors; i++) {
    const Tensor *tensor = &plan->tensors[i];
    if (!tensor->length || tensor->length > MAX_FLOATS || tensor->offset > MAX_FLOATS) return ENGINE_BAD_TENSOR;
    uint32_t end = tensor->offset + tensor->length;
    switch (tensor->place) {
      case PLACE_ARENA:
        if (end > header->arena) return ENGINE_BAD_TENSOR;
        break;
      case PLACE_CONSTANT:
        if (end > header->constants) return ENGINE_BAD_TENSOR;
        break;
      case PLACE_PACKED_WEIGHT:
        // A matrix may be stored in reduced precision: only MatrixOp reads it.
        if (tensor->offset >= header->packed_weights) return ENGINE_BAD_TENSOR;
        if (packed_floats(&plan->packed_weights[tensor->offset]) != tensor->length) return ENGINE_BAD_TENSOR;
        break;
      case PLACE_SUMS:
        if (tensor->length > header->sums || tensor->offset) return ENGINE_BAD_TENSOR;
        break;
      default: return ENGINE_BAD_TENSOR;
    }
  }
  if (header->input >= header->tensors || header->output >= header->tensors) return ENGINE_BAD_TENSOR;
  bool placed = plan->tensors[header->input].place == PLACE_ARENA && plan->tensors[header->output].place != PLACE_SUMS;
  const Tensor *output = &plan->tensors[header->output];
  if (output->place == PLACE_PACKED_WEIGHT && plan->packed_weights[output->offset].layout == PACKED_MATRIX)
    return ENGINE_BAD_TENSOR;
  return placed ? ENGINE_OK : ENGINE_BAD_TENSOR;
}

static EngineCode check_packed_weights(const Plan *plan) {
  for (uint32_t i = 0; i < plan->header->packed_weights; i++) {
    const PackedWeight *packed = &plan->packed_weights[i];
    bool sized = packed->groups && packed->groups <= MAX_DIMENSION && packed->inputs && packed->inputs <= MAX_FLOATS &&
                 packed->outputs && packed->outputs <= MAX_DIMENSION;
    if (!sized || packed->layout >= PACKED_LAYOUTS) return ENGINE_BAD_PACKED_WEIGHT;
    if (packed->layout == PACKED_FLAT && (packed->groups != 1 || packed->outputs != 1)) return ENGINE_BAD_PACKED_WEIGHT;
    uint32_t values = winograd_values(packed->layout);
    if (values && (packed->inputs % values || packed->inputs < 2 * values)) return ENGINE_BAD_PACKED_WEIGHT;
    if ((packed->layout == PACKED_PANELS4 || packed->layout == PACKED_MATRIX) && packed->groups != 1)
      return ENGINE_BAD_PACKED_WEIGHT;
    // In two steps, as the product of all four may overflow.
    if ((uint64_t)(packed->inputs + 1) * (packed->outputs + 7) > MAX_FLOATS || packed_floats(packed) > MAX_FLOATS) {
      return ENGINE_BAD_PACKED_WEIGHT;
    }
  }
  return ENGINE_OK;
}

// The largest sum of index * stride; MAX_FLOATS if it exceeds every valid one.
static uint64_t reach(const uint32_t *sizes, const uint32_t *strides) {
  uint64_t sum = 0;
  for (int i = 0; i < PACK_RANK; i++) sum += (uint64_t)(sizes[i] - 1) * strides[i];
  return sum < MAX_FLOATS ? sum : MAX_FLOATS;
}

static EngineCode check_pack_rule(const Plan *plan, const PackRule *rule) {
  const Header *header = plan->header;
  if (rule->packed_weight >= header->packed_weights || rule->is_bias > 1) return ENGINE_BAD_PACK_RULE;
  const PackedWeight *packed = &plan->packed_weights[rule->packed_weight];
  uint64_t count = 1;
  for (int i = 0; i < PACK_RANK; i++) {
    if (!rule->sizes[i] || rule->sizes[i] > MAX_FLOATS || rule->input_strides[i] > MAX_FLOATS ||
        rule->output_strides[i] > MAX_FLOATS) {
      return ENGINE_BAD_PACK_RULE;
    }
    if ((count *= rule->sizes[i]) > MAX_FLOATS) return ENGINE_BAD_PACK_RULE;
  }
  uint64_t outputs = (uint64_t)packed->groups * packed->outputs;
  if (rule->first_output >= outputs) return ENGINE_BAD_PACK_RULE;
  if (rule->first_output + reach(rule->sizes, rule->output_strides) >= outputs) return ENGINE_BAD_PACK_RULE;
  if (reach(rule->sizes, rule->input_strides) >= (rule->is_bias ? 1 : packed->inputs)) return ENGINE_BAD_PACK_RULE;
  if (rule->is_bias && packed->layout == PACKED_FLAT) return ENGINE_BAD_PACK_RULE;
  if (rule->weight != ABSENT) {
    if (rule->weight >= header->weights) return ENGINE_BAD_PACK_RULE;
  } else if (rule->constant > header->constants || count > header->constants - rule->constant) {
    return ENGINE_BAD_PACK_RULE;
  }
  if (rule->multiplier != ABSENT) {
    if (rule->multiplier > header->constants || outputs > header->constants - rule->multiplier) {
      return ENGINE_BAD_PACK_RULE;
    }
  }
  return ENGINE_OK;
}

static EngineCode check_pack_rules(const Plan *plan) {
  for (uint32_t i = 0; i < plan->header->pack_rules; i++) {
    EngineCode code = check_pack_rule(plan, &plan->pack_rules[i]);
    if (code) return code;
  }
  return ENGINE_OK;
}

EngineCode plan_read(const uint8_t *bytes, uint32_t length, Plan *plan) {
  if ((uintptr_t)bytes % 16 || length < sizeof(Header) || length % 4) return ENGINE_NOT_A_PLAN;
  const Header *header = (const Header *)(const void *)bytes;
  if (header->magic != PLAN_MAGIC || header->bytes != length) return ENGINE_NOT_A_PLAN;
  if (header->version != PLAN_VERSION) return ENGINE_OTHER_VERSION;
  const uint32_t *words = (const uint32_t *)(const void *)bytes;
  uint32_t first = offsetof(Header, checksum) / 4 + 1;
  if (checksum(words + first, length / 4 - first) != header->checksum) return ENGINE_DAMAGED;
  uint32_t counts[] = {header->tensors, header->packed_weights, header->pack_rules, header->weights, header->ops};
  for (int i = 0; i < 5; i++) {
    if (counts[i] > MAX_COUNT) return ENGINE_BAD_SECTION;
  }
  if (header->constants > MAX_FLOATS || header->op_words > MAX_FLOATS) return ENGINE_BAD_SECTION;
  if (header->arena > MAX_FLOATS || header->sums > MAX_DIMENSION) return ENGINE_BAD_SECTION;
  uint64_t total = sizeof(Header) + (uint64_t)header->tensors * sizeof(Tensor) +
                   (uint64_t)header->packed_weights * sizeof(PackedWeight) +
                   (uint64_t)header->pack_rules * sizeof(PackRule) + 4ull * header->constants + 4ull * header->op_words;
  if (total != length) return ENGINE_BAD_SECTION;
  plan->header = header;
  plan->tensors = (const Tensor *)(header + 1);
  plan->packed_weights = (const PackedWeight *)(plan->tensors + header->tensors);
  plan->pack_rules = (const PackRule *)(plan->packed_weights + header->packed_weights);
  plan->constants = (const float *)(plan->pack_rules + header->pack_rules);
  plan->ops = (const uint32_t *)(plan->constants + header->constants);
  EngineCode code = check_packed_weights(plan);
  if (!code) code = check_tensors(plan);
  if (!code) code = check_pack_rules(plan);
  return code ? code : plan_check_ops(plan);
}

SMALL_CODE_END
