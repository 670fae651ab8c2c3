import type { BitReader } from "../compressed/bit_reader.ts";
import {
  findEntry,
  lengthOf,
  PrefixCodes,
  readSymbol,
  symbolOf,
} from "../compressed/prefix_code.ts";
import { readPrefixCode } from "../compressed/prefix_code_lengths.ts";
import { copy, distanceOf, readValue } from "./vp8l_copies.ts";

const LITERALS = 256;
const LENGTHS = 24;
const DISTANCES = 40;
const MAX_CACHE_BITS = 11;
/** Numbers by group: the positions of its five tables (green, red, blue, alpha, distance), and whether it is constant. */
const GROUP_SIZE = 6;
const CONSTANT = 5;

/** Reads the ARGB pixels of a small image, the data of a transform or of prefix codes (RFC 9649, section 3.6.2). */
export function readPixels(bits: BitReader, width: number, height: number): Int32Array {
  const pixels = new Int32Array(width * height);
  readPixelsInto(pixels, bits, width, height, () => undefined);
  return pixels;
}

/** Reads the ARGB pixels of the image itself, which may use several groups of prefix codes. */
export function readImage(
  pixels: Int32Array,
  bits: BitReader,
  width: number,
  height: number,
): void {
  readPixelsInto(pixels, bits, width, height, readSquaresOfGroups);
}

/** Data by squares of an image. */
export interface Squares {
  /** Log2 of their size. */
  scale: number;
  columns: number;
  data: Int32Array;
}

export function readSquares(bits: BitReader, width: number, height: number): Squares {
  const scale = bits.read(3) + 2;
  const columns = Math.ceil(width / 2 ** scale);
  const data = readPixels(bits, columns, Math.ceil(height / 2 ** scale));
  return { scale, columns, data };
}

/** The group of prefix codes that each square uses; undefined if there is one group. */
function readSquaresOfGroups(bits: BitReader, width: number, height: number): Squares | undefined {
  if (!bits.read(1)) return undefined;
  const squares = readSquares(bits, width, height);
  const { data } = squares;
  for (let i = 0; i < data.length; i++) data[i] = (data[i]! >> 8) & 0xffff;
  return squares;
}

function readPixelsInto(
  pixels: Int32Array,
  bits: BitReader,
  width: number,
  height: number,
  squaresOf: (bits: BitReader, width: number, height: number) => Squares | undefined,
): void {
  const hasCache = bits.read(1);
  const cacheBits = hasCache && bits.read(4);
  if (hasCache && (cacheBits < 1 || cacheBits > MAX_CACHE_BITS)) throw bits.damaged();
  const cacheSize = hasCache && 1 << cacheBits;
  const squares = squaresOf(bits, width, height);
  const { entries, groups } = readGroups(bits, squares?.data ?? Int32Array.of(0), cacheSize);
  decode(pixels, bits, width, { entries, groups, cacheBits, squares });
}

interface Codes {
  entries: Int32Array;
  groups: Int32Array;
  cacheBits: number;
  squares: Squares | undefined;
}

/** Reads all groups, and keeps those that a square uses. */
function readGroups(
  bits: BitReader,
  used: Int32Array,
  cacheSize: number,
): Pick<Codes, "entries" | "groups"> {
  const count = used.reduce((max, group) => Math.max(max, group), 0) + 1;
  const isUsed = new Uint8Array(count);
  for (const group of used) isUsed[group] = 1;
  const codes = new PrefixCodes();
  const groups = new Int32Array(GROUP_SIZE * count);
  const alphabets = [LITERALS + LENGTHS + cacheSize, LITERALS, LITERALS, LITERALS, DISTANCES];
  for (let group = 0; group < count; group++) {
    const bases = alphabets.map((size) => readPrefixCode(bits, size, codes));
    groups.set(bases, GROUP_SIZE * group);
    groups[GROUP_SIZE * group + CONSTANT] = Number(isConstant(codes.entries, bases));
    if (!isUsed[group]) codes.removeFrom(bases[0]!);
  }
  return { entries: codes.entries, groups };
}

/** Whether all pixels of a group are the same literal, which takes no bits. */
function isConstant(entries: Int32Array, bases: readonly number[]): boolean {
  const isSingle = bases.slice(0, -1).every((base) => lengthOf(entries[base]!) === 0);
  return isSingle && symbolOf(entries[bases[0]!]!) < LITERALS;
}

/**
 * Decodes literals, copies of earlier pixels and colours of the cache (section 3.6.2). Most of the time is spent here, so
 * that the position is a variable.
 */
function decode(
  pixels: Int32Array,
  bits: BitReader,
  width: number,
  { entries, groups, cacheBits, squares }: Codes,
): void {
  const cache = new Int32Array(1 << cacheBits);
  const step = squares ? 1 << squares.scale : width;
  let position = bits.at;
  for (let at = 0, x = 0, y = 0, squareEnd = 0, group = 0; at < pixels.length;) {
    if (x >= squareEnd) {
      if (x >= width) {
        y += Math.floor(x / width);
        x %= width;
      }
      squareEnd = Math.min(width, (Math.floor(x / step) + 1) * step);
      if (squares) {
        const { scale, columns, data } = squares;
        group = GROUP_SIZE * data[(y >> scale) * columns + (x >> scale)]!;
      }
    }
    let entry = findEntry(entries, groups[group]!, bits.peek(position));
    position += lengthOf(entry);
    const code = symbolOf(entry);
    let count = 1;
    if (code < LITERALS) {
      entry = findEntry(entries, groups[group + 1]!, bits.peek(position));
      position += lengthOf(entry);
      let pixel = (symbolOf(entry) << 16) | (code << 8);
      entry = findEntry(entries, groups[group + 2]!, bits.peek(position));
      position += lengthOf(entry);
      pixel |= symbolOf(entry);
      entry = findEntry(entries, groups[group + 3]!, bits.peek(position));
      position += lengthOf(entry);
      pixel |= symbolOf(entry) << 24;
      pixels[at] = pixel;
      if (groups[group + CONSTANT]) {
        count = squareEnd - x;
        pixels.fill(pixel, at, at + count);
      }
      if (cacheBits) cache[hash(pixel, cacheBits)] = pixel;
    } else if (code < LITERALS + LENGTHS) {
      bits.at = position;
      count = readValue(bits, code - LITERALS);
      const prefix = readSymbol(bits, entries, groups[group + 4]!);
      const back = distanceOf(readValue(bits, prefix), width);
      position = bits.at;
      if (back > at || count > pixels.length - at) throw bits.damaged();
      copy(pixels, at, back, count);
      // Pixels before these are already in the cache, or the same.
      const end = at + count;
      for (let i = cacheBits ? end - Math.min(count, back) : end; i < end; i++) {
        cache[hash(pixels[i]!, cacheBits)] = pixels[i]!;
      }
    } else {
      const pixel = cache[code - LITERALS - LENGTHS]!;
      pixels[at] = pixel;
      cache[hash(pixel, cacheBits)] = pixel;
    }
    at += count;
    x += count;
    bits.requireMore(position);
  }
  bits.at = position;
}

function hash(pixel: number, cacheBits: number): number {
  return Math.imul(0x1e35a7bd, pixel) >>> (32 - cacheBits);
}
