import { FormatError, truncated, type Bytes } from "./bytes.ts";

const MAX_CODES = 4096;
/** Of Pillow's buffer for one string. */
const BUFFER_SIZE = 4096;
/** First row and distance of the rows in each pass. */
const PASSES = [
  [0, 8],
  [4, 8],
  [2, 4],
  [1, 2],
] as const;

/**
 * Decodes the LZW data at `start` to palette indices, as Pillow's `ImagingGifDecode`: empty blocks do not end the data, surplus
 * data is ignored. Raises FormatError where the data or a code is invalid, or pixels are missing.
 */
export function decodeLzw(
  bytes: Bytes,
  start: number,
  { width, height, interlaced }: { width: number; height: number; interlaced: boolean },
): Uint8Array {
  const bits = bytes[start]!;
  if (bits > 12) throw invalid();
  const [clear, end] = [1 << bits, (1 << bits) + 1];
  const rows = rowOrder(height, interlaced);
  const pixels = new Uint8Array(width * height);
  const suffixes = new Uint8Array(MAX_CODES);
  const prefixes = new Uint16Array(MAX_CODES);
  const buffer = new Uint8Array(BUFFER_SIZE);
  const nextCode = codeReader(bytes, start + 1);
  let [codeSize, next] = [bits + 1, clear + 2];
  let [last, first] = [-1, 0]; // the code before, and the first index of its string
  let [row, x, to] = [0, 0, rows[0]! * width];
  for (;;) {
    let code = nextCode(codeSize);
    if (code === clear) {
      [codeSize, next, last] = [bits + 1, clear + 2, -1];
      continue;
    }
    if (code === end) throw truncated(bytes, "GIF");
    const own = code;
    let from = BUFFER_SIZE;
    if (last < 0) {
      if (code > clear) throw invalid();
      first = code;
    } else {
      if (code > next) throw invalid();
      if (code === next) {
        buffer[--from] = first;
        code = last;
      }
      while (code >= clear) {
        if (from <= 0 || code >= MAX_CODES) throw invalid();
        buffer[--from] = suffixes[code]!;
        code = prefixes[code]!;
      }
      first = code;
      if (next < MAX_CODES) {
        suffixes[next] = code;
        prefixes[next] = last;
        if (next === 2 ** codeSize - 1 && codeSize < 12) codeSize++;
        next++;
      }
    }
    last = own;
    for (let at = from - 1; at < BUFFER_SIZE; at++) {
      pixels[to++] = at < from ? first : buffer[at]!;
      if (++x < width) continue;
      if (++row === height) return pixels;
      x = 0;
      to = rows[row]! * width;
    }
  }
}

function rowOrder(height: number, interlaced: boolean): Uint16Array {
  const rows = new Uint16Array(height);
  let at = 0;
  for (const [first, step] of interlaced ? PASSES : [[0, 1] as const]) {
    for (let row = first; row < height; row += step) rows[at++] = row;
  }
  return rows;
}

/** Reads codes of a number of bits from the blocks at `start`; Pillow needs a block as a whole. */
function codeReader(bytes: Bytes, start: number): (size: number) => number {
  let [at, blockEnd, held, heldBits] = [start, start, 0, 0];
  return (size) => {
    while (heldBits < size) {
      if (at < blockEnd) {
        held |= bytes[at++]! << heldBits;
        heldBits += 8;
        continue;
      }
      const blockSize = bytes[at];
      if (blockSize === undefined || at + blockSize >= bytes.length) throw truncated(bytes, "GIF");
      blockEnd = ++at + blockSize;
    }
    const code = held & (2 ** size - 1);
    held >>>= size;
    heldBits -= size;
    return code;
  };
}

function invalid(): FormatError {
  return new FormatError("The GIF file is damaged: its data has an invalid code.");
}
