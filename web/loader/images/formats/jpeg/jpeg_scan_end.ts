import { viewOf, type Bytes } from "../bytes.ts";
import { DHT, DRI, isFrame, SOS, type Segment } from "./jpeg_markers.ts";
import { next16, readTables, type HuffmanTable } from "../scan.ts";

/** Pillow passes files to libjpeg in pieces of this size. */
const READ_SIZE = 2 ** 16;
/** libjpeg fills its bit buffer at least so far, even if it needs fewer bits. */
const MIN_BITS = 57;
/** Bytes per block that libjpeg's fast decoder needs ahead. */
const FAST_BYTES = 512;

/**
 * Whether libjpeg decodes all of the only scan, which the file ends with, without an end marker. It asks for data ahead of
 * need, and Pillow takes a file that has none for truncated: the last bits decide. A simulation of jdhuff.c of libjpeg-turbo.
 */
export function scanCompletes(bytes: Bytes, segments: readonly Segment[]): boolean {
  const tables: HuffmanTable[] = [];
  let restartInterval = 0;
  for (const { marker, content } of segments) {
    if (marker === DHT) readTables(content, tables);
    if (marker === DRI) restartInterval = viewOf(content).getUint16(0);
  }
  const frame = segments.find(({ marker }) => isFrame(marker))!.content;
  const scan = segments.find(({ marker }) => marker === SOS)!;
  const start = scan.data.byteOffset - bytes.byteOffset;
  const { blocks, mcus } = layoutOf(frame, scan.content, tables);
  // libjpeg's default tables are not simulated.
  if (!blocks.every(({ dc, ac }) => dc && ac)) return false;
  if (!restartInterval) {
    // A marker ends the data.
    if (scan.data.some((value, i) => value === 0xff && isMarker(scan.data[i + 1]))) return true;
    return new Simulation(bytes, start, true).decode(blocks, mcus);
  }
  let [from, restarts] = [start, 0];
  for (let i = 0; i + 1 < scan.data.length; i++) {
    if (scan.data[i] !== 0xff || !isMarker(scan.data[i + 1])) continue;
    // Where markers are lost, libjpeg looks for the next: not simulated.
    if (scan.data[i + 1] !== 0xd0 + (restarts++ & 7)) return false;
    from = start + i + 2;
  }
  const left = mcus - restarts * restartInterval;
  if (left <= 0) return true;
  return left <= restartInterval && new Simulation(bytes, from, false).decode(blocks, left);
}

function isMarker(value: number | undefined): boolean {
  return value !== undefined && value !== 0 && value !== 0xff;
}

interface Block {
  dc: HuffmanTable | undefined;
  ac: HuffmanTable | undefined;
}

/** The blocks of an MCU, and the number of MCUs. */
function layoutOf(
  frame: Uint8Array,
  scan: Uint8Array,
  tables: readonly HuffmanTable[],
): { blocks: Block[]; mcus: number } {
  const view = viewOf(frame);
  const [height, width] = [view.getUint16(1), view.getUint16(3)];
  const count = frame[5]!;
  const components = Array.from({ length: count }, (_, i) => frame.subarray(6 + 3 * i, 9 + 3 * i));
  const most = (shift: number): number =>
    Math.max(...components.map((of) => (of[1]! >> shift) & 15));
  // The blocks of a single component are not grouped.
  const [across, down] = count === 1 ? [1, 1] : [most(4), most(0)];
  const blocks = Array.from({ length: count }, (_, i) => {
    const [name, selectors] = scan.subarray(1 + 2 * i, 3 + 2 * i);
    const component = components.find((of) => of[0] === name);
    const factors = count === 1 ? 0x11 : (component?.[1] ?? 0);
    const block = { dc: tables[selectors! >> 4], ac: tables[0x10 | (selectors! & 15)] };
    return Array<Block>((factors >> 4) * (factors & 15)).fill(block);
  }).flat();
  const mcus = Math.ceil(width / (8 * across)) * Math.ceil(height / (8 * down));
  return { blocks, mcus };
}

class Suspended extends Error {}

/** Positions of libjpeg's bit reader. */
class Simulation {
  /** Without the zero after each 0xff. */
  private readonly data: Uint8Array;
  /** Of each byte of `data`: position in the file. */
  private readonly positions: Uint32Array;
  private size = 0;
  private used = 0; // bits
  private loaded = 0; // bytes
  private limit: number;
  private readonly bytes: Bytes;
  private readonly canBeFast: boolean;
  private fast = false;

  constructor(bytes: Bytes, start: number, canBeFast: boolean) {
    this.bytes = bytes;
    this.canBeFast = canBeFast;
    this.data = new Uint8Array(bytes.length - start + 3);
    this.positions = new Uint32Array(bytes.length - start + 1);
    let at = start;
    while (at < bytes.length) {
      this.positions[this.size] = at;
      const value = bytes[at++]!;
      if (value === 0xff) {
        while (bytes[at] === 0xff) at++;
        if (at++ >= bytes.length) break; // an incomplete pair
      }
      this.data[this.size++] = value;
    }
    this.positions[this.size] = bytes.length;
    this.limit = Math.ceil((start + 1) / READ_SIZE) * READ_SIZE;
  }

  decode(blocks: readonly Block[], mcus: number): boolean {
    for (let mcu = 0; mcu < mcus;) {
      const [used, loaded] = [this.used, this.loaded];
      const ahead = Math.min(this.limit, this.bytes.length) - this.positions[loaded]!;
      this.fast = this.canBeFast && ahead >= FAST_BYTES * blocks.length;
      try {
        for (const block of blocks) this.decodeBlock(block);
        mcu++;
      } catch (error) {
        if (!(error instanceof Suspended)) throw error;
        if (this.limit >= this.bytes.length) return false;
        this.limit += READ_SIZE;
        [this.used, this.loaded] = [used, loaded];
      }
    }
    return true;
  }

  private decodeBlock({ dc, ac }: Block): void {
    this.take(this.symbol(dc));
    for (let k = 1; k < 64; k++) {
      const symbol = this.symbol(ac);
      const [run, magnitude] = [symbol >> 4, symbol & 15];
      if (!magnitude && run !== 15) break;
      k += run;
      this.take(magnitude);
    }
  }

  private symbol(table: HuffmanTable | undefined): number {
    this.need(8);
    const code = table?.[next16(this.data, this.used)] ?? 0;
    const size = code ? code >> 8 : 17; // invalid codes end after 17 bits
    if (size <= 8) this.used += size;
    else this.take(9);
    for (let i = 9; i < size; i++) this.take(1);
    return code & 255;
  }

  private take(count: number): void {
    if (!count) return;
    this.need(count);
    this.used += count;
  }

  private need(count: number): void {
    const left = 8 * this.loaded - this.used;
    if (this.fast) {
      if (left <= 16) this.loaded += 6;
      return;
    }
    if (left >= count) return;
    const loaded = Math.ceil((this.used + MIN_BITS) / 8);
    const end = Math.min(this.limit, this.bytes.length);
    if (loaded > this.size || this.positions[loaded]! > end) throw new Suspended();
    this.loaded = loaded;
  }
}
