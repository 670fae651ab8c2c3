// The part of a kernel's work that one thread computes.
#pragma once

#include "kernels.h"

typedef struct {
  int32_t first, end;
} WorkRange;

// The thread's range of `count` equal pieces; the lengths differ by at most one.
static inline WorkRange work_range(int32_t count, Thread thread) {
  return (WorkRange){(int32_t)((int64_t)count * thread.index / thread.count),
                     (int32_t)((int64_t)count * (thread.index + 1) / thread.count)};
}
