/**
 * In place of `loader/images/browser_decoder.ts` in Node: the package `sharp`, which has libjpeg-turbo and libwebp as
 * Pillow does.
 */
import { DecodeError } from "../../loader/api/errors.ts";
import type * as Replaced from "../../loader/images/browser_decoder.ts";
import { builtin } from "./builtin.ts";
import { imageDataOf } from "./raw_image.ts";

export const DECODER: typeof Replaced.DECODER = "sharp";

/** Pillow's limit, to which `prepare` holds sizes too. */
const MAX_PIXELS = 178_956_970;

/** The part of `sharp` that is used. */
interface Image {
  toColourspace(name: "srgb"): Image;
  removeAlpha(): Image;
  raw(): Image;
  toBuffer(options: { resolveWithObject: true }): Promise<{
    data: Uint8Array;
    info: { width: number; height: number };
  }>;
}

type Sharp = (bytes: Uint8Array, options: object) => Image;

/** The pixels of a file, without its colour profile. Raises DecodeError without `sharp`, and sharp's error for a damaged file. */
export const decodeByBrowser: typeof Replaced.decodeByBrowser = async (bytes) => {
  const image = requireSharp()(bytes, {
    ignoreIcc: true,
    // `prepare` has refused what Pillow refuses.
    failOn: "none",
    limitInputPixels: MAX_PIXELS,
  });
  const { data, info } = await image
    .toColourspace("srgb")
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return imageDataOf({ data, width: info.width, height: info.height });
};

/** `sharp` converts AVIF to RGB by libheif, Pillow by libavif. */
export const decoderProblem: typeof Replaced.decoderProblem = (file) =>
  file[4] === 0x66 && file[5] === 0x74 && file[6] === 0x79 && file[7] === 0x70
    ? "sharp rounds the colours of AVIF in another way than Pillow"
    : "";

let found: Sharp | undefined;

/** From the app's own node_modules, wherever a bundler has put this file. Raises DecodeError. */
function requireSharp(): Sharp {
  if (found) return found;
  const { createRequire } = builtin("node:module");
  let cause: unknown;
  for (const from of [import.meta.url, `${process.cwd()}/index.js`]) {
    try {
      found = createRequire(from)("sharp") as Sharp;
      return found;
    } catch (error) {
      cause = error;
    }
  }
  throw new DecodeError(
    "Node has no decoder for this kind of file: npm install sharp, or pass raw pixels ({ data, width, height }). " +
      "PNG, GIF, BMP, ICO and lossless WebP need nothing.",
    { cause },
  );
}
