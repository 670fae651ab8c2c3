// A plan from outside is refused here, or every tensor, slot and record of it lies where it may.

#include "plan.h"

enum { MAX_COUNT = 1 << 20 };

static uint32_t checksum(const uint32_t *words, uint32_t count) {
  uint32_t hash = 2166136261u;
  for (uint32_t i = 0; i < count; i++) hash = (hash ^ words[i]) * 16777619u;
  return hash;
}

uint64_t slot_floats(const Slot *slot) {
  if (slot->kind == SLOT_FLAT) return slot->inputs;
  uint64_t width = slot->kind == SLOT_PANELS4 ? 4 : 8;
  return slot->groups * ((slot->outputs + width - 1) / width * width * ((uint64_t)slot->inputs + 1));
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
      case PLACE_SLOT:
        // A matrix may be kept in another form than float32: only MatrixOp reads it.
        if (tensor->offset >= header->slots) return ENGINE_BAD_TENSOR;
        if (slot_floats(&plan->slots[tensor->offset]) != tensor->length) return ENGINE_BAD_TENSOR;
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
  if (output->place == PLACE_SLOT && plan->slots[output->offset].kind == SLOT_MATRIX) return ENGINE_BAD_TENSOR;
  return placed ? ENGINE_OK : ENGINE_BAD_TENSOR;
}

static EngineCode check_slots(const Plan *plan) {
  for (uint32_t i = 0; i < plan->header->slots; i++) {
    const Slot *slot = &plan->slots[i];
    bool sized = slot->groups && slot->groups <= MAX_SIDE && slot->inputs && slot->inputs <= MAX_FLOATS && slot->outputs &&
                 slot->outputs <= MAX_SIDE;
    if (!sized || slot->kind >= SLOT_KINDS) return ENGINE_BAD_SLOT;
    if (slot->kind == SLOT_FLAT && (slot->groups != 1 || slot->outputs != 1)) return ENGINE_BAD_SLOT;
    if ((slot->kind == SLOT_PANELS4 || slot->kind == SLOT_MATRIX) && slot->groups != 1) return ENGINE_BAD_SLOT;
    // In two steps, as the product of all four may overflow.
    if ((uint64_t)(slot->inputs + 1) * (slot->outputs + 7) > MAX_FLOATS || slot_floats(slot) > MAX_FLOATS) {
      return ENGINE_BAD_SLOT;
    }
  }
  return ENGINE_OK;
}

// The largest sum of index * stride, or MAX_FLOATS where it is too large to be right.
static uint64_t reach(const uint32_t *sizes, const uint32_t *strides) {
  uint64_t sum = 0;
  for (int i = 0; i < RECORD_RANK; i++) sum += (uint64_t)(sizes[i] - 1) * strides[i];
  return sum < MAX_FLOATS ? sum : MAX_FLOATS;
}

static EngineCode check_record(const Plan *plan, const Record *record) {
  const Header *header = plan->header;
  if (record->slot >= header->slots || record->is_bias > 1) return ENGINE_BAD_RECORD;
  const Slot *slot = &plan->slots[record->slot];
  uint64_t count = 1;
  for (int i = 0; i < RECORD_RANK; i++) {
    if (!record->sizes[i] || record->sizes[i] > MAX_FLOATS || record->input_strides[i] > MAX_FLOATS ||
        record->output_strides[i] > MAX_FLOATS) {
      return ENGINE_BAD_RECORD;
    }
    if ((count *= record->sizes[i]) > MAX_FLOATS) return ENGINE_BAD_RECORD;
  }
  uint64_t outputs = (uint64_t)slot->groups * slot->outputs;
  if (record->first_output >= outputs) return ENGINE_BAD_RECORD;
  if (record->first_output + reach(record->sizes, record->output_strides) >= outputs) return ENGINE_BAD_RECORD;
  if (reach(record->sizes, record->input_strides) >= (record->is_bias ? 1 : slot->inputs)) return ENGINE_BAD_RECORD;
  if (record->is_bias && slot->kind == SLOT_FLAT) return ENGINE_BAD_RECORD;
  if (record->weight != ABSENT) {
    if (record->weight >= header->weights) return ENGINE_BAD_RECORD;
  } else if (record->constant > header->constants || count > header->constants - record->constant) {
    return ENGINE_BAD_RECORD;
  }
  if (record->multiplier != ABSENT) {
    if (record->multiplier > header->constants || outputs > header->constants - record->multiplier) {
      return ENGINE_BAD_RECORD;
    }
  }
  return ENGINE_OK;
}

// Each stored weight has a form of one size, whichever records read it.
static EngineCode check_records(const Plan *plan) {
  for (uint32_t i = 0; i < plan->header->records; i++) {
    EngineCode code = check_record(plan, &plan->records[i]);
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
  uint32_t counts[] = {header->tensors, header->slots, header->records, header->weights, header->ops};
  for (int i = 0; i < 5; i++) {
    if (counts[i] > MAX_COUNT) return ENGINE_BAD_SECTION;
  }
  if (header->constants > MAX_FLOATS || header->op_words > MAX_FLOATS) return ENGINE_BAD_SECTION;
  if (header->arena > MAX_FLOATS || header->sums > MAX_SIDE) return ENGINE_BAD_SECTION;
  uint64_t total = sizeof(Header) + (uint64_t)header->tensors * sizeof(Tensor) + (uint64_t)header->slots * sizeof(Slot) +
                   (uint64_t)header->records * sizeof(Record) + 4ull * header->constants + 4ull * header->op_words;
  if (total != length) return ENGINE_BAD_SECTION;
  plan->header = header;
  plan->tensors = (const Tensor *)(header + 1);
  plan->slots = (const Slot *)(plan->tensors + header->tensors);
  plan->records = (const Record *)(plan->slots + header->slots);
  plan->constants = (const float *)(plan->records + header->records);
  plan->ops = (const uint32_t *)(plan->constants + header->constants);
  EngineCode code = check_slots(plan);
  if (!code) code = check_tensors(plan);
  if (!code) code = check_records(plan);
  return code ? code : plan_check_ops(plan);
}
