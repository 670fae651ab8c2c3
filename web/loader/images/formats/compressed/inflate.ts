import { countsOf, MAX_LENGTH, REPEATS, sortedSymbols, spareCodes } from "./canonical_code.ts";

/** Extra bits and first values of length and distance codes (RFC 1951, section 3.2.5). */
const LENGTHS = valuesOf(
  [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5],
  3,
);
LENGTHS.push([0, 258]);
const DISTANCES = valuesOf(
  Array.from({ length: 30 }, (_, i) => Math.max(0, (i >> 1) - 1)),
  1,
);
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** Distance of the farthest bytes that are copied. */
const WINDOW_SIZE = 2 ** 15;

export interface Inflated {
  /** Bytes written. */
  size: number;
  /** The data or its checksum is whole, runs out, is invalid, or is more than there is room for. */
  end: "whole" | "cut" | "invalid" | "full";
  /** Bytes read when the last byte was written. */
  lastWrite: number;
  /** Bytes read altogether. */
  read: number;
}

/**
 * Inflates zlib data (RFC 1950) to at most `room` bytes, which are passed to `take` in pieces, and tells how far it got, which
 * DecompressionStream does not. Like zlib, it reads on after the last byte until it needs room for another.
 */
export function inflate(
  input: Uint8Array,
  room: number,
  take: (piece: Uint8Array) => void,
): Inflated {
  const inflater = new Inflater(input, room, take);
  let end: Inflated["end"];
  try {
    end = inflater.run();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    end = error.end;
  }
  inflater.flush();
  const { size, lastWrite, at } = inflater;
  return { size, end, lastWrite, read: at };
}

class Stop extends Error {
  readonly end: Inflated["end"];

  constructor(end: Inflated["end"]) {
    super();
    this.end = end;
  }
}

interface Codes {
  counts: Uint16Array;
  symbols: Uint16Array;
}

class Inflater {
  size = 0;
  at = 0;
  lastWrite = 0;
  private readonly input: Uint8Array;
  private readonly room: number;
  private readonly take: (piece: Uint8Array) => void;
  /** The last bytes: those in the window, and those not taken yet. */
  private readonly out = new Uint8Array(4 * WINDOW_SIZE);
  private outEnd = 0;
  private taken = 0;
  private sum = 1;
  private held = 0;
  private heldBits = 0;

  constructor(input: Uint8Array, room: number, take: (piece: Uint8Array) => void) {
    this.input = input;
    this.room = room;
    this.take = take;
  }

  run(): "whole" {
    const header = (this.bits(8) << 8) | this.bits(8);
    if (header % 31 || (header & 0xf20) !== 0x800 || header >> 12 > 7) throw new Stop("invalid");
    for (let last = 0; !last;) {
      last = this.bits(1);
      const kind = this.bits(2);
      if (kind === 0) this.stored();
      else if (kind === 1) this.compressed(FIXED, FIXED_DISTANCES);
      else if (kind === 2) this.compressed(...this.codes());
      else throw new Stop("invalid");
    }
    this.bits(this.heldBits & 7);
    this.flush();
    const { sum } = this;
    for (const shift of [24, 16, 8, 0]) {
      if (this.at === this.input.length && !this.heldBits) throw new Stop("cut");
      if (this.bits(8) !== ((sum >>> shift) & 255)) throw this.invalidSum(shift);
    }
    return "whole";
  }

  flush(): void {
    const piece = this.out.subarray(this.taken, this.outEnd);
    this.taken = this.outEnd;
    this.sum = adler32(piece, this.sum);
    this.take(piece);
  }

  /** zlib compares the checksum as a whole. */
  private invalidSum(shift: number): Stop {
    for (; shift > 0; shift -= 8) this.bits(8);
    return new Stop("invalid");
  }

  private stored(): void {
    this.bits(this.heldBits & 7);
    const size = this.bits(16);
    if (size !== (~this.bits(16) & 0xffff)) throw new Stop("invalid");
    for (let i = 0; i < size; i++) {
      if (this.size === this.room) throw new Stop("full");
      this.write(this.bits(8));
    }
  }

  private compressed(literals: Codes, distances: Codes): void {
    for (;;) {
      const symbol = this.symbol(literals);
      if (symbol < 256) {
        this.write(symbol);
        continue;
      }
      if (symbol === 256) return;
      const [lengthBits, shortest] = LENGTHS[symbol - 257] ?? invalid();
      const length = shortest + this.bits(lengthBits);
      const [distanceBits, nearest] = DISTANCES[this.symbol(distances)] ?? invalid();
      const distance = nearest + this.bits(distanceBits);
      if (distance > this.size) invalid();
      for (let i = 0; i < length; i++) this.write(this.out[this.outEnd - distance]!);
    }
  }

  /** Reads the codes of a block (RFC 1951, section 3.2.7). */
  private codes(): [Codes, Codes] {
    const [literals, distances] = [257 + this.bits(5), 1 + this.bits(5)];
    const count = 4 + this.bits(4);
    if (literals > 286 || distances > 30) invalid();
    const lengths = new Uint8Array(19);
    for (let i = 0; i < count; i++) lengths[CODE_LENGTH_ORDER[i]!] = this.bits(3);
    const codes = codesOf(lengths, false);
    const all = new Uint8Array(literals + distances);
    for (let i = 0; i < all.length;) {
      const symbol = this.symbol(codes);
      if (symbol < 16) {
        all[i++] = symbol;
        continue;
      }
      if (symbol === 16 && !i) invalid();
      const value = symbol === 16 ? all[i - 1]! : 0;
      const [least, bits] = REPEATS[symbol - 16]!;
      const next = i + least + this.bits(bits);
      if (next > all.length) invalid();
      all.fill(value, i, next);
      i = next;
    }
    if (!all[256]) invalid();
    return [codesOf(all.subarray(0, literals), true), codesOf(all.subarray(literals), true)];
  }

  private write(value: number): void {
    if (this.size === this.room) throw new Stop("full");
    if (this.outEnd === this.out.length) {
      this.flush();
      this.out.copyWithin(0, this.outEnd - WINDOW_SIZE);
      this.outEnd = this.taken = WINDOW_SIZE;
    }
    this.out[this.outEnd++] = value;
    this.size++;
    this.lastWrite = this.at;
  }

  private bits(count: number): number {
    while (this.heldBits < count) {
      if (this.at === this.input.length) throw new Stop("cut");
      this.held |= this.input[this.at++]! << this.heldBits;
      this.heldBits += 8;
    }
    const value = this.held & (2 ** count - 1);
    this.held >>>= count;
    this.heldBits -= count;
    return value;
  }

  private symbol({ counts, symbols }: Codes): number {
    let [code, first, index] = [0, 0, 0];
    for (let size = 1; size <= MAX_LENGTH; size++) {
      code |= this.bits(1);
      const count = counts[size]!;
      if (code - count < first) return symbols[index + code - first]!;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    return invalid();
  }
}

function invalid(): never {
  throw new Stop("invalid");
}

/** Raises for lengths that are no code; as zlib does, `single` allows a code of one symbol, or of none. */
function codesOf(lengths: Uint8Array, single: boolean): Codes {
  const counts = countsOf(lengths);
  const spare = spareCodes(counts);
  const used = lengths.length - counts[0]!;
  const isSingle = used === 0 || (used === 1 && counts[1] === 1);
  if (spare < 0 || (spare > 0 && !(single && isSingle))) invalid();
  return { counts, symbols: sortedSymbols(lengths, counts) };
}

const FIXED = codesOf(
  Uint8Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8)),
  false,
);
const FIXED_DISTANCES = codesOf(new Uint8Array(32).fill(5), false);

function valuesOf(extraBits: readonly number[], first: number): [bits: number, first: number][] {
  return extraBits.map((bits) => {
    first += 2 ** bits;
    return [bits, first - 2 ** bits];
  });
}

/** The checksum of RFC 1950, continued from that of the bytes before. */
function adler32(data: Uint8Array, before: number): number {
  let [a, b] = [before & 0xffff, before >>> 16];
  for (const value of data) {
    a = (a + value) % 65521;
    b = (b + a) % 65521;
  }
  return ((b << 16) | a) >>> 0;
}
