import { FormatError, truncated, type Bytes } from "../bytes.ts";

const MAX_CODES = 4096;
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
  const pixels = new Uint8Array(width * height);
  // The string of a code is one of the decoded pixels: the string before it, and the pixel that followed.
  const starts = new Uint32Array(MAX_CODES);
  const lengths = new Uint16Array(MAX_CODES);
  let at = start + 1;
  let [blockEnd, held, heldBits] = [at, 0, 0];
  let [codeSize, next] = [bits + 1, clear + 2];
  let [last, lastStart, lastLength] = [-1, 0, 0]; // the code before, and its string
  for (let to = 0; to < pixels.length;) {
    while (heldBits < codeSize) {
      if (at < blockEnd) {
        held |= bytes[at++]! << heldBits;
        heldBits += 8;
      } else {
        const size = bytes[at]; // Pillow needs a block as a whole
        if (size === undefined || at + size >= bytes.length) throw truncated(bytes, "GIF");
        blockEnd = ++at + size;
      }
    }
    const code = held & ((1 << codeSize) - 1);
    held >>>= codeSize;
    heldBits -= codeSize;
    if (code === clear) {
      [codeSize, next, last] = [bits + 1, clear + 2, -1];
      continue;
    }
    if (code === end) throw truncated(bytes, "GIF");
    if (code > (last < 0 ? clear : next) || (code === next && last >= MAX_CODES)) throw invalid();
    let from = code === next ? lastStart : starts[code]!;
    const length = code < clear ? 1 : code === next ? lastLength + 1 : lengths[code]!;
    if (last >= 0 && next < MAX_CODES) {
      starts[next] = lastStart;
      lengths[next] = lastLength + 1;
      if (++next === 1 << codeSize && codeSize < 12) codeSize++;
    }
    last = code;
    lastStart = to;
    lastLength = length;
    if (code < clear) {
      pixels[to++] = code;
    } else {
      for (const stop = Math.min(to + length, pixels.length); to < stop;) {
        pixels[to++] = pixels[from++]!;
      }
    }
  }
  return interlaced ? inOrder(pixels, width, height) : pixels;
}

/** The rows of an interlaced image from top to bottom. */
function inOrder(stored: Uint8Array, width: number, height: number): Uint8Array {
  const pixels = new Uint8Array(stored.length);
  let from = 0;
  for (const [first, step] of PASSES) {
    for (let row = first; row < height; row += step, from += width) {
      pixels.set(stored.subarray(from, from + width), row * width);
    }
  }
  return pixels;
}

function invalid(): FormatError {
  return new FormatError("The GIF file is damaged: its data has an invalid code.");
}
