// Operators of a plan as calls of their kernels: tensors become pointers.
#pragma once

#include "engine.h"

// The memory that `tensor` stands for; NULL where there is none.
float *tensor_at(uint32_t tensor);

Product make_product(const ProductOp *op);
// A row times a matrix: in float32, or in reduced precision.
Product matrix_product(const MatrixOp *op);
RowProduct make_row_product(const MatrixOp *op);
Conv make_conv(const ConvOp *op);
Depthwise make_depthwise(const DepthwiseOp *op);
Block make_block(const BlockOp *op);
SqueezeExcite make_squeeze(const SqueezeExciteOp *op);
Pool make_pool(const PoolOp *op);
Binary make_binary(const BinaryOp *op);
Copy make_copy(const CopyOp *op);
