// The product as other kernels use it: a part of its rows and of its panels, on the calling thread.
#pragma once

#include "kernels.h"

// Rows [0, op->rows) of panels [first_panel, end_panel). `scratch` as product_scratch says, only read with a gate.
void product_part(const Product *op, int32_t first_panel, int32_t end_panel, void *scratch);
