import { FormatError, textAt, truncated, viewOf, type Bytes } from "../bytes.ts";
import { decodeLzw } from "./gif_lzw.ts";
import { checkSize } from "../size.ts";

const EXTENSION = 0x21;
const COMMENT = 0xfe;
const APPLICATION = 0xff;
const GRAPHIC_CONTROL = 0xf9;
const IMAGE = 0x2c;
const TRAILER = 0x3b;

const HEADER_SIZE = 13;
const DESCRIPTOR_SIZE = 10;
const HAS_TABLE = 0x80;
const INTERLACED = 0x40;

/**
 * Decodes the first frame of a GIF as Pillow's `GifImageFile` does: without transparency, on the whole screen, which grows
 * with the frame; bytes between blocks are skipped. Browsers show the rest of the screen transparent or crop it, and differ in
 * which damaged files they accept. Raises FormatError.
 */
export function decodeGif(bytes: Bytes): ImageData {
  const reader = new BlockReader(bytes);
  let colours = reader.colourTable(bytes[10]!, HEADER_SIZE);
  if (bytes[reader.at] === TRAILER) throw noImage();
  let background = 0; // palette index
  for (; ; reader.at++) {
    const kind = bytes[reader.at];
    if (kind === undefined || kind === TRAILER) throw noImage();
    if (kind === IMAGE) break;
    if (kind === EXTENSION) background = readExtension(reader) ?? background;
  }
  const descriptor = reader.at;
  if (descriptor + DESCRIPTOR_SIZE >= bytes.length) throw truncated(bytes, "GIF");
  const [left, top, width, height] = [1, 3, 5, 7].map((i) =>
    viewOf(bytes).getUint16(descriptor + i, true),
  ) as [number, number, number, number];
  const screen = [6, 8].map((i) => viewOf(bytes).getUint16(i, true)) as [number, number];
  const [screenWidth, screenHeight] = [
    Math.max(screen[0], left + width),
    Math.max(screen[1], top + height),
  ];
  checkSize(screenWidth, screenHeight, "GIF");
  checkSize(width, height, "GIF");
  const flags = bytes[descriptor + 9]!;
  // Pillow ignores a table of greys in order, which its images without palette have anyway.
  colours = reader.colourTable(flags, descriptor + DESCRIPTOR_SIZE) ?? colours;
  const words = colours ?? GREYS;
  const frame = { width, height, interlaced: (flags & INTERLACED) !== 0 };
  const indices = decodeLzw(bytes, reader.at, frame);
  const image = new ImageData(screenWidth, screenHeight);
  const pixels = new Uint32Array(image.data.buffer);
  if (indices.length < pixels.length) pixels.fill(words[background]!);
  for (let y = 0, from = 0; y < height; y++) {
    let to = (top + y) * screenWidth + left;
    for (let x = 0; x < width; x++) pixels[to++] = words[indices[from++]!]!;
  }
  return image;
}

/** By index: a little-endian RGBA word, opaque. */
const GREYS = Uint32Array.from({ length: 256 }, (_, i) => 0xff000000 | (i * 0x010101));

function noImage(): FormatError {
  return new FormatError("The GIF file has no image.");
}

/** Reads an extension, as Pillow's `GifImageFile._seek` does; returns the index of the transparent colour. */
function readExtension(reader: BlockReader): number | undefined {
  const label = reader.bytes[++reader.at];
  if (label === undefined) throw truncated(reader.bytes, "GIF");
  reader.at++;
  const block = reader.block();
  let transparent: number | undefined;
  if (label === GRAPHIC_CONTROL && block) {
    const known = block[0]! & 1;
    if (block.length < (known ? 4 : 3)) throw truncated(reader.bytes, "GIF");
    if (known) transparent = block[3];
  }
  if (label === APPLICATION && block && textAt(block, 0, 11) === "NETSCAPE2.0") reader.block();
  // Of all but comments Pillow reads more, even after an empty block.
  if (label !== COMMENT || block) while (reader.block());
  reader.at--;
  return transparent;
}

class BlockReader {
  at = 0;
  readonly bytes: Bytes;

  constructor(bytes: Bytes) {
    this.bytes = bytes;
  }

  /** The content of the next block; undefined if it is empty. */
  block(): Uint8Array | undefined {
    const size = this.bytes[this.at++];
    if (!size) return undefined;
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  /** The colour table that `flags` declare at `start`; undefined if there is none, or of greys in order. */
  colourTable(flags: number, start: number): Uint32Array | undefined {
    this.at = start;
    if (!(flags & HAS_TABLE)) return undefined;
    const count = 2 << (flags & 7);
    this.at += 3 * count;
    if (this.at > this.bytes.length) throw truncated(this.bytes, "GIF");
    const table = new Uint32Array(256).fill(0xff000000);
    for (let i = 0, from = start; i < count; i++, from += 3) {
      const [red, green, blue] = this.bytes.subarray(from, from + 3);
      table[i] = 0xff000000 | (blue! << 16) | (green! << 8) | red!;
    }
    const greys = table.subarray(0, count).every((word, i) => word === GREYS[i]);
    return greys ? undefined : table;
  }
}
