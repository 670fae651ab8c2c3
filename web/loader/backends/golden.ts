import type { ModelInfo } from "../api/manifest.ts";
import { normalise } from "../images/normalise.ts";
import type { Pixels } from "../images/pixels.ts";

/**
 * The golden input: a small batch that the build and the browser generate from a seed, in integers up to the pixels. The
 * same as Python's `torch2web.images.golden`, which describes it.
 */
const CELL = 28;
const NOISE_BITS = 5;

/** The preprocessed batch: [batch, channels, height, width]. A grey network gets the red channel. */
export function goldenInput(
  seed: number,
  batch: number,
  { input, preprocessing }: Pick<ModelInfo, "input" | "preprocessing">,
): Float32Array<ArrayBuffer> {
  const [, channels, height, width] = input.shape;
  const size = channels * height * width;
  const tensor = new Float32Array(batch * size);
  for (let index = 0; index < batch; index++) {
    tensor.set(normalise(goldenPixels(seed + index, height, width), preprocessing), index * size);
  }
  return tensor;
}

/** The image of one seed. */
export function goldenPixels(seed: number, height: number, width: number): Pixels {
  const columns = Math.ceil(width / CELL);
  const cells = Math.ceil(height / CELL) * columns * 3;
  const start = Math.imul(seed, 0x9e3779b9);
  const data = new Uint8ClampedArray(height * width * 4);
  const max = 255 - (2 ** NOISE_BITS - 1);
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      const cell = (Math.floor(y / CELL) * columns + Math.floor(x / CELL)) * 3;
      for (let channel = 0; channel < 3; channel++) {
        const colour = hash(start + cell + channel) & 0xff;
        const noise = hash(start + cells + pixel * 3 + channel) >>> (32 - NOISE_BITS);
        data[pixel * 4 + channel] = Math.min(colour, max) + noise;
      }
    }
  }
  return { data, width, height };
}

/** The 32-bit finaliser of MurmurHash3. */
function hash(word: number): number {
  let x = word ^ (word >>> 16);
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return x ^ (x >>> 16);
}
