// What the checks of operators are made of, and those that are in files of their own.
#pragma once

#include "plan.h"

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
