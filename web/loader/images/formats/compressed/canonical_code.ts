/** Canonical prefix codes, which are defined by the lengths of their codes (RFC 1951, section 3.2.2), as deflate and VP8L use. */

export const MAX_LENGTH = 15;

/** Lengths from 16 on repeat the last length, or 0: the minimum count, and the number of extra bits. */
export const REPEATS = [
  [3, 2],
  [3, 3],
  [11, 7],
] as const;

/** How many codes have each length; `counts[0]` is the number of symbols without a code. */
export function countsOf(lengths: Uint8Array): Uint16Array {
  const counts = new Uint16Array(MAX_LENGTH + 1);
  for (const length of lengths) counts[length]!++;
  return counts;
}

/** Number of codes of the maximum length that are left over: 0 for a complete code, negative for one that is oversubscribed. */
export function spareCodes(counts: Uint16Array): number {
  let left = 1;
  for (let length = 1; length <= MAX_LENGTH; length++) left = 2 * left - counts[length]!;
  return left;
}

/** The symbols in the order of their codes. */
export function sortedSymbols(lengths: Uint8Array, counts: Uint16Array): Uint16Array {
  const next = new Uint16Array(MAX_LENGTH + 2);
  for (let length = 1; length <= MAX_LENGTH; length++) {
    next[length + 1] = next[length]! + counts[length]!;
  }
  const symbols = new Uint16Array(lengths.length);
  lengths.forEach((length, symbol) => {
    if (length) symbols[next[length]!++] = symbol;
  });
  return symbols;
}
