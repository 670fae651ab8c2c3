/**
 * Reverses the filter of a line in place (PNG specification, section 9); false for an unknown filter. `above` is the line
 * before; both start with their filter type.
 */
export function unfilter(line: Uint8Array, above: Uint8Array, left: number): boolean {
  const size = line.length;
  const filter = line[0]!;
  if (filter === 1) {
    for (let i = left + 1; i < size; i++) line[i]! += line[i - left]!;
  } else if (filter === 2) {
    for (let i = 1; i < size; i++) line[i]! += above[i]!;
  } else if (filter === 3) {
    const end = Math.min(left, size - 1);
    for (let i = 1; i <= end; i++) line[i]! += above[i]! >> 1;
    for (let i = left + 1; i < size; i++) line[i]! += (line[i - left]! + above[i]!) >> 1;
  } else if (filter === 4) {
    const end = Math.min(left, size - 1);
    for (let i = 1; i <= end; i++) line[i]! += above[i]!;
    for (let i = left + 1; i < size; i++) {
      line[i]! += paeth(line[i - left]!, above[i]!, above[i - left]!);
    }
  }
  return filter <= 4;
}

function paeth(a: number, b: number, c: number): number {
  const toA = Math.abs(b - c);
  const toB = Math.abs(a - c);
  const toC = Math.abs(a + b - 2 * c);
  return toA <= toB && toA <= toC ? a : toB <= toC ? b : c;
}
