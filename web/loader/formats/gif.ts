import { concatenate, truncated, type Bytes } from "./bytes.ts";

const EXTENSION = 0x21;
const GRAPHIC_CONTROL = 0xf9;
const IMAGE = 0x2c;
const TRAILER = 0x3b;

/** A GIF of just its first frame, without a transparent colour (GIF89a specification). */
export function plainGif(bytes: Bytes): Bytes {
  const plain = bytes.slice();
  let at = 13 + tableSize(bytes[10]);
  for (;;) {
    const kind = bytes[at];
    if (kind === EXTENSION) {
      if (bytes[at + 1] === GRAPHIC_CONTROL) plain[at + 3]! &= ~1;
      at = endOfBlocks(bytes, at + 2);
    } else if (kind === IMAGE) {
      const end = endOfBlocks(bytes, at + 11 + tableSize(bytes[at + 9]));
      return concatenate([plain.subarray(0, end), Uint8Array.of(TRAILER)]);
    } else {
      throw truncated(bytes, "GIF");
    }
  }
}

/** Bytes of the colour table that `flags` announce. */
function tableSize(flags = 0): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

function endOfBlocks(bytes: Uint8Array, start: number): number {
  for (let at = start; ;) {
    const size = bytes[at];
    if (size === undefined) throw truncated(bytes, "GIF");
    at += size + 1;
    if (size === 0) return at;
  }
}
