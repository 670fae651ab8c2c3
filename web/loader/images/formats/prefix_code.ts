import { truncated } from "./bytes.ts";

/** Reads bits, least significant first; after the end they are zeros. */
export class BitReader {
  readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** At most 24 bits. */
  read(count: number): number {
    const value = this.peek() & (2 ** count - 1);
    this.at += count;
    return value;
  }

  /** At least the next 24 bits. */
  peek(): number {
    const { bytes, at } = this;
    const byte = at >> 3;
    const four =
      bytes[byte]! | (bytes[byte + 1]! << 8) | (bytes[byte + 2]! << 16) | (bytes[byte + 3]! << 24);
    return four >>> (at & 7);
  }

  skip(count: number): void {
    this.at += count;
  }

  requireMore(): void {
    if (this.at > 8 * this.bytes.length) throw truncated(this.bytes, "WebP");
  }
}

/** Codes up to this length are in the lookup table. */
const TABLE_BITS = 8;
/** Marks table entries of longer codes. */
const LONGER = 15;
const MAX_LENGTH = 15;

/** A canonical prefix code, stored first bit first (RFC 9649, section 3.7.2). */
export class PrefixCode {
  /** `symbol << 4 | length`, by the next bits. */
  private readonly table = new Uint16Array(2 ** TABLE_BITS).fill(LONGER);
  private readonly counts = new Uint16Array(MAX_LENGTH + 1);
  /** In the order of their codes. */
  private readonly symbols: number[] = [];

  /** Raises FormatError for an incomplete or oversubscribed code; a single symbol takes no bits. */
  constructor(lengths: Uint8Array, file: Uint8Array) {
    const { counts, symbols, table } = this;
    for (const length of lengths) counts[length]!++;
    counts[0] = 0;
    let [code, left] = [0, 1];
    for (let length = 1; length <= MAX_LENGTH; length++) {
      left = 2 * left - counts[length]!;
      code *= 2;
      if (!counts[length]) continue;
      for (let symbol = 0; symbol < lengths.length; symbol++) {
        if (lengths[symbol] !== length) continue;
        symbols.push(symbol);
        if (length <= TABLE_BITS) {
          const step = 2 ** length;
          for (let i = reversed(code, length); i < table.length; i += step) {
            table[i] = (symbol << 4) | length;
          }
        }
        code++;
      }
    }
    if (symbols.length === 1) table.fill(symbols[0]! << 4);
    else if (left !== 0) throw truncated(file, "WebP");
  }

  read(bits: BitReader): number {
    const next = bits.peek();
    const found = this.table[next & (2 ** TABLE_BITS - 1)]!;
    if ((found & 15) !== LONGER) {
      bits.skip(found & 15);
      return found >> 4;
    }
    let [code, first, index] = [0, 0, 0];
    for (let length = 1; ; length++) {
      const count = this.counts[length]!;
      code |= (next >> (length - 1)) & 1;
      if (code - first < count) {
        bits.skip(length);
        return this.symbols[index + code - first]!;
      }
      index += count;
      first = 2 * (first + count);
      code *= 2;
    }
  }
}

function reversed(code: number, length: number): number {
  let result = 0;
  for (let i = 0; i < length; i++) result |= ((code >> i) & 1) << (length - 1 - i);
  return result;
}

/** Order in which the lengths of the code-length code are stored. */
const LENGTH_ORDER = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/** Lengths from 16 on are repetitions: the minimum count, and the number of extra bits. */
const REPEATS = [
  [3, 2],
  [3, 3],
  [11, 7],
] as const;

/** Reads the code of symbols below `size` (RFC 9649, section 3.7.2.1). Raises FormatError. */
export function readPrefixCode(bits: BitReader, size: number): PrefixCode {
  const lengths = new Uint8Array(size);
  if (bits.read(1)) {
    const two = bits.read(1);
    lengths[bits.read(1) ? bits.read(8) : bits.read(1)] = 1;
    if (two) lengths[bits.read(8)] = 1;
    return new PrefixCode(lengths, bits.bytes);
  }
  const ofLengths = new Uint8Array(LENGTH_ORDER.length);
  const stored = 4 + bits.read(4);
  for (const place of LENGTH_ORDER.slice(0, stored)) ofLengths[place] = bits.read(3);
  const code = new PrefixCode(ofLengths, bits.bytes);
  let codes = bits.read(1) ? 2 + bits.read(2 + 2 * bits.read(3)) : size;
  let last = 8;
  for (let at = 0; at < size && codes > 0; codes--) {
    const length = code.read(bits);
    const repeat = REPEATS[length - 16];
    if (!repeat) {
      lengths[at++] = length;
      last = length || last;
    } else {
      const end = at + repeat[0] + bits.read(repeat[1]);
      if (end > size) throw truncated(bits.bytes, "WebP");
      if (length === 16) lengths.fill(last, at, end);
      at = end;
    }
  }
  return new PrefixCode(lengths, bits.bytes);
}
