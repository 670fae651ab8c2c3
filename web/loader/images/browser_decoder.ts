/** The browser's own decoders, for files whose pixels are all opaque. */
import { DecodeError } from "../api/errors.ts";
import type { DecodedBy } from "../api/image.ts";
import { readBack, readBackProblem, transparency } from "./canvas.ts";
import type { Bytes } from "./formats/bytes.ts";

interface Size {
  width: number;
  height: number;
}

/** As predictions report it. */
export const DECODER: DecodedBy = "canvas";

const OPTIONS: ImageBitmapOptions = { colorSpaceConversion: "none", premultiplyAlpha: "none" };

/** Pixels of a strip. Above some size, from 16.7 million pixels on, browsers have no bitmap or an empty one. */
const STRIP = 2 ** 23;

/**
 * The pixels of a file, whole or, where this device holds no bitmap of that size, strip by strip. `size` is that of its
 * header, where it is known. Raises DecodeError, and the browser's error for a damaged file.
 */
export async function decodeByBrowser(bytes: Bytes, size?: Size): Promise<ImageData> {
  const file = new Blob([bytes]);
  let known = size;
  try {
    const bitmap = await createImageBitmap(file, OPTIONS);
    known = { width: bitmap.width, height: bitmap.height };
    const pixels = readAndClose(bitmap);
    if (transparency(pixels) !== "all") return pixels;
  } catch (error) {
    if (!known || known.width * known.height <= STRIP) throw error;
  }
  return decodeInStrips(file, known);
}

/** Why pixels decoded from a file are inexact; empty where they are not. Raises DecodeError where they are noise. */
export const decoderProblem: (file: Bytes) => string = readBackProblem;

async function decodeInStrips(file: Blob, { width, height }: Size): Promise<ImageData> {
  const image = new ImageData(width, height);
  const rows = Math.max(1, Math.floor(STRIP / width));
  for (let top = 0; top < height; top += rows) {
    const count = Math.min(rows, height - top);
    const strip = readAndClose(await createImageBitmap(file, 0, top, width, count, OPTIONS));
    if (transparency(strip) === "all") {
      throw new DecodeError(`This device cannot decode an image of ${width} × ${height} pixels.`);
    }
    image.data.set(strip.data, 4 * top * width);
  }
  return image;
}

function readAndClose(bitmap: ImageBitmap): ImageData {
  try {
    return readBack(bitmap, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}
