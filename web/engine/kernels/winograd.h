// The weights of Winograd.
#pragma once

#include <stdint.h>

// Transforms the weights of a Winograd in place, panel by panel of 8 outputs: row k * (channels + 1) + c after the biases of
// each panel is the weight at position k (of 9) and input channel c before, and its other rows are not read.
void winograd_weights(int32_t tile, int32_t channels, int32_t panels, float *weights);
