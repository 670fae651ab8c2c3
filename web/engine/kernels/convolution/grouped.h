// Convolutions with many groups of few channels, a case of Conv.
#pragma once

#include <stdbool.h>

#include "kernels.h"

// Whether `grouped_conv` computes it.
bool is_grouped(const Conv *);

uint64_t grouped_scratch(const Conv *);
void grouped_conv(const Conv *, Thread, void *scratch);
