import type { BitReader } from "./bit_reader.ts";
import { REPEATS } from "./canonical_code.ts";
import { PrefixCodes, readSymbol } from "./prefix_code.ts";

/** Order in which the lengths of the code-length code are stored. */
const LENGTH_ORDER = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/** Reads the code of symbols below `size` into `codes`; its position (RFC 9649, section 3.7.2.1). Raises FormatError. */
export function readPrefixCode(bits: BitReader, size: number, codes: PrefixCodes): number {
  const base = codes.add(readLengths(bits, size));
  if (base === undefined) throw bits.damaged();
  return base;
}

function readLengths(bits: BitReader, size: number): Uint8Array {
  const lengths = new Uint8Array(size);
  if (bits.read(1)) {
    const two = bits.read(1);
    lengths[bits.read(1) ? bits.read(8) : bits.read(1)] = 1;
    if (two) lengths[bits.read(8)] = 1;
    return lengths;
  }
  const ofLengths = new Uint8Array(LENGTH_ORDER.length);
  const stored = 4 + bits.read(4);
  for (const place of LENGTH_ORDER.slice(0, stored)) ofLengths[place] = bits.read(3);
  const codes = new PrefixCodes();
  const base = codes.add(ofLengths);
  let left = bits.read(1) ? 2 + bits.read(2 + 2 * bits.read(3)) : size;
  if (base === undefined || left > size) throw bits.damaged();
  let last = 8;
  for (let at = 0; at < size && left > 0; left--) {
    const length = readSymbol(bits, codes.entries, base);
    const repeat = REPEATS[length - 16];
    if (!repeat) {
      lengths[at++] = length;
      last = length || last;
    } else {
      const end = at + repeat[0] + bits.read(repeat[1]);
      if (end > size) throw bits.damaged();
      if (length === 16) lengths.fill(last, at, end);
      at = end;
    }
  }
  return lengths;
}
