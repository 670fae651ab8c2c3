/** Reverses the filters of `rows` lines in place (PNG specification, section 9); false for an unknown filter. */
export function unfilter(
  data: Uint8Array,
  start: number,
  rows: number,
  lineSize: number,
  left: number,
): boolean {
  const up = lineSize + 1;
  const blank = new Uint8Array(up);
  for (let row = 0; row < rows; row++) {
    const from = start + row * up;
    const line = data.subarray(from, from + up);
    undo(line[0]!, line, row ? data.subarray(from - up, from) : blank, left);
    if (line[0]! > 4) return false;
  }
  return true;
}

/** `above` is the previous line; both start with their filter type. */
function undo(filter: number, line: Uint8Array, above: Uint8Array, left: number): void {
  const size = line.length;
  if (filter === 1) {
    for (let i = left + 1; i < size; i++) line[i]! += line[i - left]!;
  } else if (filter === 2) {
    for (let i = 1; i < size; i++) line[i]! += above[i]!;
  } else if (filter === 3) {
    for (let i = 1; i <= left; i++) line[i]! += above[i]! >> 1;
    for (let i = left + 1; i < size; i++) line[i]! += (line[i - left]! + above[i]!) >> 1;
  } else if (filter === 4) {
    for (let i = 1; i <= left; i++) line[i]! += above[i]!;
    for (let i = left + 1; i < size; i++) {
      line[i]! += paeth(line[i - left]!, above[i]!, above[i - left]!);
    }
  }
}

function paeth(a: number, b: number, c: number): number {
  const toA = Math.abs(b - c);
  const toB = Math.abs(a - c);
  const toC = Math.abs(a + b - 2 * c);
  return toA <= toB && toA <= toC ? a : toB <= toC ? b : c;
}
