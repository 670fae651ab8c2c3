// Decodes a part of coded weights. Reads nothing outside `from` to `end`, and writes nothing outside of `out`.

#include "format.h"

#include <stdbool.h>

enum { DECODED, DAMAGED };

typedef struct {
  const uint8_t *at, *end;
} Reader;

// The symbol at each place of the frequencies' sum; bits: 0 symbol, 8 place within the symbol, 20 frequency less 1.
static uint32_t slots[1 << MAX_BITS];

static uint32_t left(const Reader *reader) { return (uint32_t)(reader->end - reader->at); }

static uint32_t load32(const uint8_t *from) {
  return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

typedef struct {
  Reader *reader;
  uint32_t byte, bits;
} BitReader;

// One bit; zero beyond the end, where `failed` is set.
static uint32_t next_bit(BitReader *bits, bool *failed) {
  if (bits->bits == 0) {
    if (bits->reader->at == bits->reader->end) {
      *failed = true;
      return 0;
    }
    bits->byte = *bits->reader->at++;
    bits->bits = 8;
  }
  uint32_t bit = bits->byte & 1;
  bits->byte >>= 1;
  bits->bits--;
  return bit;
}

// Reads a table into `slots`.
static bool read_table(Reader *reader, uint32_t bits) {
  if (left(reader) < 2) return false;
  uint32_t first = reader->at[0], symbols = reader->at[1] + 1u, at = 0, length = 0;
  reader->at += 2;
  BitReader input = {reader, 0, 0};
  bool failed = false;
  for (uint32_t i = 0; i < symbols; i++) {
    uint32_t folded = 0;
    while (next_bit(&input, &failed)) {
      if (++folded > 2 * MAX_BITS + 2) return false;
    }
    length += folded & 1 ? ~(folded >> 1) : folded >> 1;
    if (length > bits + 1) return false; // below zero, too
    uint32_t frequency = length > 0;
    for (uint32_t bit = 1, place = 1; bit < length; bit++, place <<= 1) {
      frequency = frequency << 1 | next_bit(&input, &failed);
    }
    if (frequency > (1u << bits) - at) return false;
    uint32_t slot = ((first + i) & (SYMBOLS - 1)) | (frequency - 1) << 20;
    for (uint32_t place = 0; place < frequency; place++) slots[at++] = slot | place << 8;
  }
  return !failed && at == 1u << bits;
}

#define DECODE(lane)                                                        \
  {                                                                         \
    uint32_t slot = slots[x##lane & mask];                                  \
    *out = (uint8_t)slot;                                                   \
    out += step;                                                            \
    x##lane = ((slot >> 20) + 1) * (x##lane >> bits) + (slot >> 8 & 0xfff); \
    uint32_t more = x##lane << 16 | at[0] | (uint32_t)at[1] << 8;           \
    bool low = x##lane < STATE_LOW;                                         \
    x##lane = low ? more : x##lane;                                         \
    at += low ? 2 : 0;                                                      \
  }

// Decodes `count` bytes, each `step` after the other.
static bool decode_lanes(Reader *reader, uint32_t bits, uint32_t count, uint8_t *out, uint32_t step) {
  if (left(reader) < 4 * LANES) return false;
  uint32_t states[LANES];
  for (int lane = 0; lane < LANES; lane++) {
    states[lane] = load32(reader->at + 4 * lane);
    if (states[lane] < STATE_LOW) return false;
  }
  const uint8_t *at = reader->at + 4 * LANES, *end = reader->end;
  const uint32_t mask = (1u << bits) - 1;
  uint32_t i = 0;
  {
    uint32_t x0 = states[0], x1 = states[1], x2 = states[2], x3 = states[3];
    uint32_t x4 = states[4], x5 = states[5], x6 = states[6], x7 = states[7];
    for (; count - i >= LANES && end - at >= 2 * LANES; i += LANES) {
      DECODE(0)
      DECODE(1)
      DECODE(2)
      DECODE(3)
      DECODE(4)
      DECODE(5)
      DECODE(6)
      DECODE(7)
    }
    states[0] = x0, states[1] = x1, states[2] = x2, states[3] = x3;
    states[4] = x4, states[5] = x5, states[6] = x6, states[7] = x7;
  }
  // The last ones, where a word might lie beyond the end.
  for (; i < count; i++, out += step) {
    uint32_t *x = &states[i % LANES], slot = slots[*x & mask];
    *out = (uint8_t)slot;
    *x = ((slot >> 20) + 1) * (*x >> bits) + (slot >> 8 & 0xfff);
    if (*x >= STATE_LOW) continue;
    if (end - at < 2) return false;
    *x = *x << 16 | at[0] | (uint32_t)at[1] << 8;
    at += 2;
  }
  for (int lane = 0; lane < LANES; lane++) {
    if (states[lane] != STATE_LOW) return false;
  }
  reader->at = at;
  return true;
}

static bool decode_plane(Reader *reader, uint32_t count, uint8_t *out, uint32_t step) {
  if (reader->at == reader->end) return false;
  uint32_t bits = *reader->at++;
  if (bits != PLANE_RAW) {
    return bits <= MAX_BITS && read_table(reader, bits) && decode_lanes(reader, bits, count, out, step);
  }
  if (left(reader) < count) return false;
  for (uint32_t i = 0; i < count; i++) out[(uint64_t)i * step] = reader->at[i];
  reader->at += count;
  return true;
}

// Undoes the rotation of `count` numbers.
static void rotate_back(uint8_t *out, uint32_t count, uint32_t width) {
  for (; count > 0; count--, out += width) {
    uint32_t low = out[0] & 1;
    for (uint32_t i = 0; i + 1 < width; i++) out[i] = (uint8_t)(out[i] >> 1 | out[i + 1] << 7);
    out[width - 1] = (uint8_t)(out[width - 1] >> 1 | low << 7);
  }
}

// Replaces `count` integers by their halves: times 2^power of the smallest, which only adds to the exponent.
static void halves_of(uint8_t *out, uint32_t count, uint32_t power) {
  for (; count > 0; count--, out += 2) {
    int32_t integer = (int8_t)out[1] * (1 << LOW_BITS) + (out[0] & ((1 << LOW_BITS) - 1));
    uint32_t magnitude = (uint32_t)(integer < 0 ? -integer : integer), half = 0;
    if (magnitude != 0) {
      uint32_t highest = 31 - (uint32_t)__builtin_clz(magnitude);
      bool normal = highest + power >= 10;
      half = normal ? ((highest + power - 10) << 10) + (magnitude << 10 >> highest) : magnitude << power;
    }
    out[0] = (uint8_t)half;
    out[1] = (uint8_t)(half >> 8 | (integer < 0) << 7);
  }
}

// Decodes the `size` bytes from `from` on into the `length` bytes of `out`. Returns DAMAGED where they are not exactly that.
int decode(const uint8_t *from, uint32_t size, uint8_t *out, uint32_t length) {
  Reader reader = {from, from + size};
  while (length > 0) {
    if (left(&reader) < 5) return DAMAGED;
    uint32_t form = reader.at[0], count = load32(reader.at + 1);
    bool multiples = form >= MULTIPLES && form < MULTIPLES + POWERS;
    uint32_t width = multiples ? 2 : form;
    reader.at += 5;
    if ((width != 1 && width != 2 && width != 4) || count == 0 || count > length / width) return DAMAGED;
    for (uint32_t plane = 0; plane < width; plane++) {
      if (!decode_plane(&reader, count, out + plane, width)) return DAMAGED;
    }
    if (multiples) {
      halves_of(out, count, form - MULTIPLES);
    } else if (width > 1) {
      rotate_back(out, count, width);
    }
    out += count * width;
    length -= count * width;
  }
  return reader.at == reader.end ? DECODED : DAMAGED;
}
