import { FormatError, truncated } from "./bytes.ts";
import { BitReader, PrefixCode, readPrefixCode } from "./prefix_code.ts";
import { readTransform, type Transform } from "./vp8l_transforms.ts";

const SIGNATURE = 0x2f;
const LITERALS = 256;
const LENGTHS = 24;
const DISTANCES = 40;

/** Offsets (columns to the left, rows up) of the first 120 distance codes, nearest first. */
const NEAR = [0, 1, 2, 3, 4, 5, 6, 7]
  .flatMap((y) =>
    [0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 7, -7, 8].map((x) => [x, y] as const),
  )
  .filter(([x, y]) => y > 0 || x > 0)
  .sort(([x, y], [u, v]) => x * x + y * y - u * u - v * v || Math.abs(x) - Math.abs(u));

/** Decodes a VP8L chunk, a lossless WebP (RFC 9649, section 3), and drops its alpha. Raises FormatError. */
export function decodeVp8l(content: Uint8Array): ImageData {
  const bits = new BitReader(content);
  const signature = bits.read(8);
  const [width, height] = [bits.read(14) + 1, bits.read(14) + 1];
  bits.read(1); // whether alpha is used
  if (signature !== SIGNATURE || bits.read(3) !== 0) {
    throw new FormatError("The lossless WebP file's header is damaged.");
  }
  const transforms: Transform[] = [];
  let storedWidth = width; // smaller where a pixel packs several palette indices
  while (bits.read(1)) {
    const transform = readTransform(bits, storedWidth, height, readPixels);
    if (transforms.some(({ kind }) => kind === transform.kind)) throw truncated(content, "WebP");
    transforms.push(transform);
    storedWidth = transform.storedWidth;
  }
  let pixels = readPixels(bits, storedWidth, height, readGroups);
  for (const { undo } of transforms.reverse()) pixels = undo(pixels);
  const image = new ImageData(width, height);
  for (let i = 0; i < pixels.length; i++) {
    const pixel = pixels[i]!;
    image.data[4 * i] = (pixel >> 16) & 255;
    image.data[4 * i + 1] = (pixel >> 8) & 255;
    image.data[4 * i + 2] = pixel & 255;
    image.data[4 * i + 3] = 255;
  }
  return image;
}

/** The group of five prefix codes that each square of the image uses. */
interface Groups {
  /** Log2 of the square's size. */
  scale: number;
  /** By square; undefined for a single group. */
  indices: Uint32Array | undefined;
}

const ONE_GROUP: Groups = { scale: 0, indices: undefined };

function readGroups(bits: BitReader, width: number, height: number): Groups {
  if (!bits.read(1)) return ONE_GROUP;
  const scale = bits.read(3) + 2;
  const [columns, rows] = [Math.ceil(width / 2 ** scale), Math.ceil(height / 2 ** scale)];
  const indices = readPixels(bits, columns, rows).map((pixel) => (pixel >> 8) & 0xffff);
  return { scale, indices };
}

/** Reads entropy-coded ARGB pixels (section 3.6.2 and 3.7): of the image, or of the data of transforms. */
function readPixels(
  bits: BitReader,
  width: number,
  height: number,
  groupsOf: (bits: BitReader, width: number, height: number) => Groups = () => ONE_GROUP,
): Uint32Array {
  const cacheBits = bits.read(1) && bits.read(4);
  if (cacheBits > 11) throw truncated(bits.bytes, "WebP");
  const cache = new Uint32Array(cacheBits ? 2 ** cacheBits : 0);
  const { scale, indices } = groupsOf(bits, width, height);
  const count = indices ? indices.reduce((max, index) => Math.max(max, index), 0) + 1 : 1;
  const alphabets = [LITERALS + LENGTHS + cache.length, LITERALS, LITERALS, LITERALS, DISTANCES];
  const groups = Array.from({ length: count }, () =>
    alphabets.map((size) => readPrefixCode(bits, size)),
  );
  const columns = Math.ceil(width / 2 ** scale);
  const pixels = new Uint32Array(width * height);
  const cachePixel = (pixel: number): void => {
    if (cacheBits) cache[Math.imul(0x1e35a7bd, pixel) >>> (32 - cacheBits)] = pixel;
  };
  for (let at = 0, x = 0, y = 0; at < pixels.length;) {
    const group = groups[indices ? indices[(y >> scale) * columns + (x >> scale)]! : 0]!;
    const [green, red, blue, alpha, distances] = group as FiveCodes;
    const code = green.read(bits);
    let length = 1;
    if (code < LITERALS) {
      const upper = red.read(bits) << 16;
      const lower = blue.read(bits);
      cachePixel((pixels[at++] = (alpha.read(bits) << 24) | upper | (code << 8) | lower));
    } else if (code < LITERALS + LENGTHS) {
      length = readValue(bits, code - LITERALS);
      const back = distanceOf(readValue(bits, distances.read(bits)), width);
      if (back > at || length > pixels.length - at) throw truncated(bits.bytes, "WebP");
      for (let end = at + length; at < end; at++) cachePixel((pixels[at] = pixels[at - back]!));
    } else {
      cachePixel((pixels[at++] = cache[code - LITERALS - LENGTHS]!));
    }
    for (x += length; x >= width; x -= width) {
      y++;
      bits.requireMore();
    }
  }
  return pixels;
}

type FiveCodes = [PrefixCode, PrefixCode, PrefixCode, PrefixCode, PrefixCode];

/** Reads a length or distance: a prefix code and extra bits. */
function readValue(bits: BitReader, prefix: number): number {
  if (prefix < 4) return prefix + 1;
  const extra = (prefix - 2) >> 1;
  return ((2 + (prefix & 1)) << extra) + bits.read(extra) + 1;
}

function distanceOf(value: number, width: number): number {
  const near = NEAR[value - 1];
  return near ? Math.max(1, near[0] + near[1] * width) : value - NEAR.length;
}
