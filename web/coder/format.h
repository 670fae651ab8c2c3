// Coded weights: the numbers of a file near their entropy, by static rANS (J. Duda, arXiv:1311.2540).
//
// A part is a sequence of segments until all of its bytes are decoded. A segment:
//
//   byte          form of its numbers: their width in bytes, 1, 2 or 4; or MULTIPLES + power, power below POWERS
//   32 bits       its numbers, at least 1
//   width planes  byte 0 of every number, then byte 1 ...
//
// Numbers of two and four bytes are rotated left by one bit before they are taken apart, so that the exponent of a float
// is in one byte, without the sign. MULTIPLES are numbers in half precision that are integers times 2^power of its
// smallest number, 2^-24. In place of their bytes are the LOW_BITS lowest bits of each integer, which look random, and
// the bits above, with the sign, as a byte. A plane:
//
//   byte          PLANE_RAW: its bytes follow as they are; else the bits of its frequencies, up to MAX_BITS
//   table         first symbol, number of symbols less 1, then in whole bytes, lowest bit first, for each of them (modulo
//                 256): its frequency's length in bits as a difference from the one before (0 at first), folded (0, -1, 1,
//                 -2 ...) and in unary, ones before a zero; then the frequency's bits below its highest
//   LANES x 32    states; byte i of the plane belongs to lane i % LANES
//   16 bits ...   words, each read by the next lane whose state is below STATE_LOW
//
// Frequencies add up to 2^bits. All states end at STATE_LOW. Numbers are little-endian.
#pragma once

#include <stdint.h>

enum { LANES = 8, MAX_BITS = 12, PLANE_RAW = 255, SYMBOLS = 256, MULTIPLES = 32, POWERS = 30, LOW_BITS = 4 };

#define STATE_LOW 0x10000u
