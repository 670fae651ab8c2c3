import { concatenate, truncated, viewOf, type Bytes } from "./bytes.ts";
import type { Placement } from "./placement.ts";

const EXTENSION = 0x21;
const GRAPHIC_CONTROL = 0xf9;
const IMAGE = 0x2c;
const TRAILER = 0x3b;

const HEADER_SIZE = 13;
const DESCRIPTOR_SIZE = 10;
/** Flag of a colour table; with the bits of its size. */
const HAS_TABLE = 0x80;
const TABLE_FLAGS = 0x87;

/**
 * Reduces a GIF to its first frame, without transparency (GIF89a specification), and gives the frame's position on a
 * larger screen, which browsers show transparent or crop.
 */
export function prepareGif(bytes: Bytes): { bytes: Bytes; placement?: Placement } {
  let flags = bytes[10] ?? 0;
  let table = bytes.subarray(HEADER_SIZE, HEADER_SIZE + tableSize(flags));
  let background = 0; // palette index
  let at = HEADER_SIZE + table.length;
  while (bytes[at] === EXTENSION) {
    if (bytes[at + 1] === GRAPHIC_CONTROL && bytes[at + 3]! & 1) background = bytes[at + 6]!;
    at = endOfBlocks(bytes, at + 2);
  }
  const descriptor = bytes.slice(at, at + DESCRIPTOR_SIZE);
  if (descriptor[0] !== IMAGE || descriptor.length < DESCRIPTOR_SIZE) throw truncated(bytes, "GIF");
  at += DESCRIPTOR_SIZE;
  if (descriptor[9]! & HAS_TABLE) {
    flags = descriptor[9]!;
    table = bytes.subarray(at, at + tableSize(flags));
    at += table.length;
  }
  const data = bytes.subarray(at, endOfBlocks(bytes, at + 1));
  if (!table.length) {
    // Pillow reads the indices as grey levels.
    flags = TABLE_FLAGS;
    table = Uint8Array.from({ length: 3 * 256 }, (_, i) => i / 3);
  }
  const [left, top, width, height] = [1, 3, 5, 7].map((i) =>
    viewOf(descriptor).getUint16(i, true),
  ) as [number, number, number, number];
  const screen = [6, 8].map((i) => viewOf(bytes).getUint16(i, true)) as [number, number];
  const header = bytes.slice(0, HEADER_SIZE);
  header.set(descriptor.subarray(5, 9), 6);
  header[10] = flags & TABLE_FLAGS;
  descriptor.fill(0, 1, 5);
  descriptor[9]! &= ~TABLE_FLAGS;
  const frame = concatenate([header, table, descriptor, data, Uint8Array.of(TRAILER)]);
  const placement: Placement = {
    width: Math.max(screen[0], left + width),
    height: Math.max(screen[1], top + height),
    left,
    top,
    background: [0, 1, 2].map((i) => table[3 * background + i] ?? 0) as [number, number, number],
  };
  const whole = placement.width === width && placement.height === height;
  return whole ? { bytes: frame } : { bytes: frame, placement };
}

/** Size in bytes of the colour table that `flags` declare. */
function tableSize(flags: number): number {
  return flags & HAS_TABLE ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

function endOfBlocks(bytes: Uint8Array, start: number): number {
  for (let at = start; ;) {
    const size = bytes[at];
    if (size === undefined) throw truncated(bytes, "GIF");
    at += size + 1;
    if (size === 0) return at;
  }
}
