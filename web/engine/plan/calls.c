#include "calls.h"

#include "ops.h"

float *tensor_at(uint32_t number) {
  if (number == ABSENT) return NULL;
  const Tensor *tensor = &engine.plan.tensors[number];
  switch (tensor->place) {
    case PLACE_ARENA: return (float *)(void *)(engine.base + engine.arena) + tensor->offset;
    // Read-only: the check refuses operators that write constants or packed weights.
    case PLACE_CONSTANT: return (float *)(uintptr_t)(engine.plan.constants + tensor->offset);
    case PLACE_PACKED_WEIGHT: return (float *)(void *)(engine.base + engine.placed[tensor->offset].offset);
    default: return (float *)(void *)(engine.base + engine.sums);
  }
}

// The matrix in float32, run as a product.
static Product float32_product(const MatrixOp *op) {
  ProductOp product = {
      .x = op->x,
      .weights = op->weights,
      .gate = ABSENT,
      .residual = op->residual,
      .y = op->y,
      .rows = op->rows,
      .inputs = op->inputs,
      .outputs = op->outputs,
      .y_stride = op->outputs,
      .activation = op->activation,
  };
  return product_arguments(&product);
}

void run_matrix(const MatrixOp *op, Thread thread, void *scratch) {
  const PlacedWeight *placed = &engine.placed[engine.plan.tensors[op->weights].offset];
  if (placed->format == MATRIX_FORMATS) {
    const Product arguments = float32_product(op);
    product(&arguments, thread, scratch);
    return;
  }
  StoredProduct arguments = matrix_arguments(op);
  arguments.scale = (const float *)(const void *)(engine.base + placed->scale);
  arguments.bias = (const float *)(const void *)(engine.base + placed->bias);
  arguments.format = (int32_t)placed->format;
  stored_product(&arguments, thread, scratch);
}

uint64_t matrix_scratch(const MatrixOp *op) {
  if (engine.placed[engine.plan.tensors[op->weights].offset].format == MATRIX_FORMATS)
    return 0; // as a product without a gate
  const StoredProduct arguments = matrix_arguments(op);
  return stored_product_scratch(&arguments);
}
