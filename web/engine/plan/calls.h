// Tensors of the plan as pointers, for the kernels.
#pragma once

#include "engine.h"

// The tensor's memory; NULL if it is ABSENT.
float *tensor_at(uint32_t tensor);
