import type { BitReader } from "./bit_reader.ts";
import { countsOf, MAX_LENGTH, sortedSymbols, spareCodes } from "./canonical_code.ts";

/** Bits that the first lookup takes; longer codes need a second one. */
const FIRST_BITS = 8;
const FIRST_SIZE = 2 ** FIRST_BITS;
/** An entry is `symbol << 5 | length`, or of longer codes `position of the second table << 5 | their maximum length`. */
const LENGTH_BITS = 5;

/** Lookup tables of canonical prefix codes, stored first bit first (RFC 9649, section 3.7.2), one after another. */
export class PrefixCodes {
  entries = new Int32Array(FIRST_SIZE);
  private size = 0;

  /** Position of the table of the code with these `lengths`; undefined if it is incomplete or oversubscribed. */
  add(lengths: Uint8Array): number | undefined {
    const counts = countsOf(lengths);
    const base = this.reserve(FIRST_SIZE);
    const used = lengths.length - counts[0]!;
    if (used === 1) {
      const symbol = lengths.findIndex((length) => length > 0);
      this.entries.fill(symbol << LENGTH_BITS, base, this.size); // takes no bits
      return base;
    }
    if (spareCodes(counts) !== 0) return undefined;
    this.fill(base, lengths, counts);
    return base;
  }

  /** Forgets the codes from the one at `base` on. */
  removeFrom(base: number): void {
    this.size = base;
  }

  private fill(base: number, lengths: Uint8Array, counts: Uint16Array): void {
    const symbols = sortedSymbols(lengths, counts);
    let [code, index, second, low] = [0, 0, 0, -1];
    for (let length = 1; length <= MAX_LENGTH; length++, code *= 2) {
      for (let count = counts[length]!; count > 0; count--, code++) {
        const entry = (symbols[index++]! << LENGTH_BITS) | length;
        const bits = reversed(code, length);
        if (length <= FIRST_BITS) {
          for (let i = bits; i < FIRST_SIZE; i += 1 << length) this.entries[base + i] = entry;
          continue;
        }
        if ((bits & (FIRST_SIZE - 1)) !== low) {
          low = bits & (FIRST_SIZE - 1);
          const longest = longestWithPrefix(counts, count, length);
          second = this.reserve(1 << (longest - FIRST_BITS));
          this.entries[base + low] = (second << LENGTH_BITS) | longest;
        }
        const step = 1 << (length - FIRST_BITS);
        for (let i = second + (bits >> FIRST_BITS); i < this.size; i += step) {
          this.entries[i] = entry;
        }
      }
    }
  }

  private reserve(count: number): number {
    const base = this.size;
    this.size += count;
    if (this.size > this.entries.length) {
      const larger = new Int32Array(2 * this.size);
      larger.set(this.entries);
      this.entries = larger;
    }
    return base;
  }
}

/** The entry for the code at `base` whose bits are the `next` ones. */
export function findEntry(entries: Int32Array, base: number, next: number): number {
  const entry = entries[base + (next & (FIRST_SIZE - 1))]!;
  const length = lengthOf(entry);
  if (length <= FIRST_BITS) return entry;
  const rest = (next >>> FIRST_BITS) & ((1 << (length - FIRST_BITS)) - 1);
  return entries[symbolOf(entry) + rest]!;
}

export function lengthOf(entry: number): number {
  return entry & 31;
}

export function symbolOf(entry: number): number {
  return entry >>> LENGTH_BITS;
}

/** Reads the next symbol of the code at `base`. */
export function readSymbol(bits: BitReader, entries: Int32Array, base: number): number {
  const entry = findEntry(entries, base, bits.peek());
  bits.at += lengthOf(entry);
  bits.requireMore();
  return symbolOf(entry);
}

/** Maximum length of the codes that share the first bits of one of `length`, which `count` codes are left of. */
function longestWithPrefix(counts: Uint16Array, count: number, length: number): number {
  let left = (1 << (length - FIRST_BITS)) - count;
  while (left > 0 && length < MAX_LENGTH) left = 2 * left - counts[++length]!;
  return length;
}

function reversed(code: number, length: number): number {
  let result = 0;
  for (let i = 0; i < length; i++) result |= ((code >> i) & 1) << (length - 1 - i);
  return result;
}
