// Copying bytes without a C library.
#pragma once

#include <stdint.h>

typedef uint64_t uint64_anywhere __attribute__((aligned(1), may_alias));

static inline void copy_bytes(void *to, const void *from, uint64_t count) {
  uint8_t *out = to;
  const uint8_t *in = from;
  for (; count >= 8; count -= 8, out += 8, in += 8) {
    *(uint64_anywhere *)out = *(const uint64_anywhere *)in;
    __asm__ volatile("" ::: "memory"); // else LLVM makes these loops calls of memcpy
  }
  for (; count > 0; count--) {
    *out++ = *in++;
    __asm__ volatile("" ::: "memory");
  }
}
