import { concatenate, type Bytes } from "./bytes.ts";

/** Lookup by the next 16 bits: `length << 8 | symbol` of the code that they start with; 0 if there is none. */
export type HuffmanTable = Uint16Array;

/** A component of an interleaved scan. */
export interface ScanComponent {
  /** Per MCU. */
  blocks: number;
  dc: HuffmanTable | undefined;
  ac: HuffmanTable | undefined;
  kept: boolean;
}

/** What an interleaved scan encodes: all coefficients or, in progressive files, DC coefficients or one more bit of each. */
export type Coding = "everything" | "dc" | "dc bit";

/** Adds the tables of a DHT segment to `tables`, by their class and destination. */
export function readTables(content: Uint8Array, tables: HuffmanTable[]): void {
  for (let at = 0; at + 17 <= content.length;) {
    const counts = content.subarray(at + 1, at + 17);
    const symbols = content.subarray(at + 17, at + 17 + counts.reduce((sum, n) => sum + n, 0));
    tables[content[at]!] = huffmanTable(counts, symbols);
    at += 17 + symbols.length;
  }
}

/** Builds a table from a DHT segment: the number of codes of each length, and their symbols (ITU-T T.81, annex C). */
function huffmanTable(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const table = new Uint16Array(2 ** 16);
  let [from, next] = [0, 0];
  counts.forEach((count, index) => {
    const size = 2 ** (15 - index);
    for (let i = 0; i < count; i++, from += size) {
      table.fill(((index + 1) << 8) | symbols[next++]!, from, from + size);
    }
  });
  return table;
}

/**
 * The data of an interleaved scan with the blocks of `kept` components only. Their bits are copied unchanged, as DC values
 * are differences within a component. Undefined where `data` does not match the tables and `mcus`.
 */
export function withoutBlocks(
  data: Uint8Array,
  components: readonly ScanComponent[],
  coding: Coding,
  mcus: number,
  restartInterval: number,
): Bytes | undefined {
  const perInterval = restartInterval || mcus;
  const intervals = restartIntervals(data);
  if (intervals.length !== Math.ceil(mcus / perInterval)) return undefined;
  const out: Uint8Array[] = [];
  for (const [index, bits] of intervals.entries()) {
    const writer = new BitWriter(bits.length);
    let at = 0;
    for (let mcu = Math.min(perInterval, mcus - index * perInterval); mcu > 0; mcu--) {
      for (const component of components) {
        const from = at;
        for (let block = component.blocks; block > 0; block--) {
          at = endOfBlock(bits, at, component, coding);
        }
        if (!(at <= 8 * bits.length)) return undefined;
        if (component.kept) writer.copy(bits, from, at);
      }
    }
    if (index) out.push(Uint8Array.of(0xff, 0xd0 + ((index - 1) % 8)));
    out.push(stuffed(writer.finish()));
  }
  return concatenate(out);
}

/** Position after the last bit of a block (ITU-T T.81, F.2.2 and G.1.2); NaN where no code matches. */
function endOfBlock(
  bits: Uint8Array,
  at: number,
  component: ScanComponent,
  coding: Coding,
): number {
  if (coding === "dc bit") return at + 1;
  const size = component.dc?.[next16(bits, at)];
  if (!size) return NaN;
  at += (size >> 8) + (size & 255);
  if (coding === "dc") return at;
  for (let k = 1; k < 64; k++) {
    const code = component.ac?.[next16(bits, at)];
    if (!code) return NaN;
    const [run, magnitude] = [(code >> 4) & 15, code & 15];
    at += (code >> 8) + magnitude;
    if (!magnitude && run < 15) break;
    k += run;
  }
  return at;
}

export function next16(bits: Uint8Array, at: number): number {
  const byte = at >> 3;
  const three = (bits[byte]! << 16) | (bits[byte + 1]! << 8) | bits[byte + 2]!;
  return (three >> (8 - (at & 7))) & 0xffff;
}

/** The data between restart markers, without the zero after each 0xff. */
function restartIntervals(data: Uint8Array): Uint8Array[] {
  const intervals: Uint8Array[] = [];
  let unstuffed = new Uint8Array(data.length);
  let size = 0;
  for (let at = 0; at < data.length; at++) {
    const value = data[at]!;
    if (value !== 0xff) {
      unstuffed[size++] = value;
    } else if (data[at + 1] === 0) {
      unstuffed[size++] = value;
      at++;
    } else if (data[at + 1] !== 0xff) {
      intervals.push(unstuffed.subarray(0, size));
      unstuffed = unstuffed.subarray(size);
      size = 0;
      at++;
    }
  }
  return [...intervals, unstuffed.subarray(0, size)];
}

function stuffed(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(2 * bytes.length);
  let size = 0;
  for (const value of bytes) {
    out[size++] = value;
    if (value === 0xff) size++;
  }
  return out.subarray(0, size);
}

class BitWriter {
  private readonly bytes: Uint8Array;
  private size = 0;
  private held = 0;
  private heldBits = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity + 1);
  }

  copy(bits: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; at += 16) {
      const count = Math.min(16, to - at);
      this.put(next16(bits, at) >> (16 - count), count);
    }
  }

  /** The bytes; the last one is padded with ones. */
  finish(): Uint8Array {
    if (this.heldBits) this.put(0xff >> this.heldBits, 8 - this.heldBits);
    return this.bytes.subarray(0, this.size);
  }

  private put(value: number, count: number): void {
    this.held = (this.held << count) | value;
    for (this.heldBits += count; this.heldBits >= 8; this.heldBits -= 8) {
      this.bytes[this.size++] = this.held >> (this.heldBits - 8);
    }
    this.held &= 0xff;
  }
}
