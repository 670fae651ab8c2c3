// Encodes the bytes of one plane; used when a site is built, and no part of it.

#include "format.h"

// Encodes `count` bytes with `frequencies`, which add up to 2^bits and are not zero for any of the bytes; `first` is the
// table's first symbol. Writes towards lower addresses from `end` on, at most 2 * count + 4 * LANES bytes; returns the
// address of the first.
uint8_t *encode(const uint8_t *from, uint32_t count, const uint32_t *frequencies, uint32_t first, uint32_t bits,
                uint8_t *end) {
  uint32_t starts[SYMBOLS], states[LANES], sum = 0;
  for (uint32_t i = 0; i < SYMBOLS; i++) {
    uint32_t symbol = (first + i) % SYMBOLS;
    starts[symbol] = sum;
    sum += frequencies[symbol];
  }
  for (int lane = 0; lane < LANES; lane++) states[lane] = STATE_LOW;
  while (count-- > 0) {
    uint32_t *x = &states[count % LANES], frequency = frequencies[from[count]];
    if (*x >= (uint64_t)frequency << (32 - bits)) {
      end -= 2;
      end[0] = (uint8_t)*x;
      end[1] = (uint8_t)(*x >> 8);
      *x >>= 16;
    }
    *x = (*x / frequency << bits) + *x % frequency + starts[from[count]];
  }
  for (int lane = LANES - 1; lane >= 0; lane--) {
    end -= 4;
    for (int byte = 0; byte < 4; byte++) end[byte] = (uint8_t)(states[lane] >> 8 * byte);
  }
  return end;
}
