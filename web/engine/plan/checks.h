// Helpers of the operators' checks, and checks that are in separate files.
#pragma once

#include "plan.h"

// a * b * c; above every valid length if it overflows.
uint64_t volume(uint64_t a, uint64_t b, uint64_t c);

// Whether this is the index of a tensor.
bool known(const Plan *plan, uint32_t tensor);

// Whether `tensor` can be read as `length` floats.
bool reads(const Plan *plan, uint32_t tensor, uint64_t length);

// The same for an optional tensor.
bool reads_optional(const Plan *plan, uint32_t tensor, uint64_t length);

// Whether `tensor` is writable memory of `length` floats.
bool writes(const Plan *plan, uint32_t tensor, uint64_t length);

// Whether `tensor` is writable memory of `pixels` pixels (0 for none), each of `channels` floats, `step` floats apart, and
// `residual`, if there is one, has the same floats without gaps.
bool writes_pixels(const Plan *plan, uint32_t tensor, uint64_t pixels, uint32_t channels, uint32_t step, uint32_t residual);

// Whether `tensor` holds sums of `length` channels.
bool gathers(const Plan *plan, uint32_t tensor, uint64_t length);

// Whether `tensor` is a packed weight of this layout and size.
bool unpacked(const Plan *plan, uint32_t tensor, uint32_t layout, uint64_t groups, uint64_t inputs, uint64_t outputs);

// Whether both lie in the arena and overlap.
bool overlaps(const Plan *plan, uint32_t a, uint32_t b);

// For operators in place: both are the same floats, or do not overlap.
bool same_or_apart(const Plan *plan, uint32_t a, uint32_t b);
