// The part of some work that one thread does.
#pragma once

#include "kernels.h"

typedef struct {
  int32_t first, end;
} Range;

// Of `count` pieces; the shares differ by at most one.
static inline Range share_of(int32_t count, Share share) {
  return (Range){(int32_t)((int64_t)count * share.thread / share.threads),
                 (int32_t)((int64_t)count * (share.thread + 1) / share.threads)};
}
