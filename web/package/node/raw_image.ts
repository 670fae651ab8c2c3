/** Pixels as other libraries of Node give them. */
import { DecodeError } from "../../loader/api/errors.ts";
import { ImageData } from "./globals.ts";

/** 8-bit sRGB values, row by row: 1 (grey), 3 or 4 a pixel, as `data.length` says. A fourth one, alpha, is ignored. */
export interface RawImage {
  data: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
}

/**
 * What `predict` takes in Node: raw pixels, also as `sharp` returns them (`{ data, info }`); the bytes of a file; a Blob; a
 * URL (`http:`, `https:`, `file:`) or a path, relative to the working directory.
 */
export type NodeImageSource =
  | RawImage
  | { data: RawImage["data"]; info: Size }
  | Uint8Array
  | ArrayBuffer
  | Blob
  | string
  | URL;

interface Size {
  width: number;
  height: number;
}

/** As `ImageData`. Raises DecodeError where the number of values does not fit the size. */
export function imageDataOf({ data, width, height }: RawImage): ImageData {
  const pixels = width * height;
  const channels = data.length / pixels;
  if (!(pixels > 0) || ![1, 3, 4].includes(channels)) {
    throw new DecodeError(
      `Raw pixels of ${width} × ${height} have 1, 3 or 4 values each; found ${data.length} values.`,
    );
  }
  const image = new ImageData(width, height);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let colour = 0; colour < 3; colour++) {
      image.data[4 * pixel + colour] = data[channels * pixel + (channels === 1 ? 0 : colour)]!;
    }
    image.data[4 * pixel + 3] = 255;
  }
  return image;
}
