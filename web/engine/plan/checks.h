// What the checks of operators are made of, and those that are in files of their own.
#pragma once

#include "plan.h"

// Whether `count` sizes are neither 0 nor too large.
bool dimensions(const uint32_t *first, int count);

// a * b * c, or more than any length where that is too much.
uint64_t volume(uint64_t a, uint64_t b, uint64_t c);

// Whether it is the number of a tensor.
bool known(const Plan *plan, uint32_t tensor);

// Whether `tensor` can be read as `length` floats.
bool reads(const Plan *plan, uint32_t tensor, uint64_t length);

// The same of one that may be missing.
bool reads_optional(const Plan *plan, uint32_t tensor, uint64_t length);

// Whether `tensor` is memory of `length` floats that may change.
bool writes(const Plan *plan, uint32_t tensor, uint64_t length);

// Whether `tensor` is for sums of `length` channels.
bool gathers(const Plan *plan, uint32_t tensor, uint64_t length);

// Whether `tensor` is a packed weight of this layout and size.
bool unpacked(const Plan *plan, uint32_t tensor, uint32_t layout, uint64_t groups, uint64_t inputs, uint64_t outputs);

// Whether both lie in the arena and share a float.
bool overlaps(const Plan *plan, uint32_t a, uint32_t b);

// In place: both the very same numbers, or nothing in common.
bool same_or_apart(const Plan *plan, uint32_t a, uint32_t b);

// Whether there is such a function.
bool activation(const Activation *activation);

// Whether the operator reads and writes only where it may.
bool check_conv(const Plan *plan, const ConvOp *op);
bool check_depthwise(const Plan *plan, const DepthwiseOp *op);
bool check_block(const Plan *plan, const BlockOp *op);
bool check_pool(const Plan *plan, const PoolOp *op);
bool check_reduce(const Plan *plan, const ReduceOp *op);
bool check_softmax(const Plan *plan, const SoftmaxOp *op);
bool check_binary(const Plan *plan, const BinaryOp *op);
bool check_copy(const Plan *plan, const CopyOp *op);
bool check_pack(const Plan *plan, const PackPanelsOp *op);
