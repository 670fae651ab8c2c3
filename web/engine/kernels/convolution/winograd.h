// Transforms the weights of a Winograd operator.
#pragma once

#include <stdint.h>

// In place, for panels of 8 outputs. Before: row k * (channels + 1) + c after the biases of a panel has the weights of
// kernel position k (0 to 8) and input channel c; other rows are not read.
void winograd_weights(int32_t tile, int32_t channels, int32_t panels, float *weights);
