/** Reads and decodes the images of calls, each within a time limit. */
import { DecodeError } from "../api/errors.ts";
import type { ImageSource } from "../api/image.ts";
import type { PredictOptions } from "../api/model.ts";
import type { PreprocessingInfo } from "../api/preprocessing.ts";
import { STALL_TIMEOUT } from "../fetch/concurrency/inactivity.ts";
import { within } from "../fetch/concurrency/time_limit.ts";
import { untilAborted } from "../fetch/concurrency/until_aborted.ts";
import { decode, type Decoded, type ReadImage } from "../images/decode.ts";
import { elementImage, type ElementImage } from "../images/element_image.ts";
import { fetchImage } from "../images/fetch_image.ts";
import { isAddress, isImageElement, tagOf } from "../images/image_source.ts";
import { Turns } from "./turns.ts";

/** An image in the page, or one that was posted to the worker. */
export type InlineSource = ImageSource | ElementImage;

/** One file is decoded at a time, for all models: the pixels of a photo take 50 MB and more. */
const decoding = new Turns();

const HAVE_PIXELS = [
  "ImageData",
  "ImageBitmap",
  "HTMLCanvasElement",
  "OffscreenCanvas",
  "HTMLVideoElement",
  "VideoFrame",
];

/** Whether the pixels of `source` are there, and may be others soon: they are read before files are. */
export function hasPixels(source: InlineSource): boolean {
  return HAVE_PIXELS.includes(tagOf(source));
}

export class ImageReader {
  readonly #exif: PreprocessingInfo["exif_orientation"];
  readonly #limit: number;

  constructor(exif: PreprocessingInfo["exif_orientation"], limit: number = STALL_TIMEOUT) {
    this.#exif = exif;
    this.#limit = limit;
  }

  /** Begins to read what is not in memory: files of addresses and of <img>. Raises what `decode` raises. */
  async read(source: InlineSource, signal: AbortSignal | undefined): Promise<ReadImage> {
    if (isAddress(source)) return fetchImage(source, signal);
    if (!isImageElement(source)) return source;
    return readWithin(this.#limit, elementImage(source, false, signal), signal);
  }

  /** Decodes what `read` returned. Raises what `images/decode.ts` raises, or the signal's reason. */
  async decode(
    source: ReadImage,
    { signal, orientation = this.#exif }: PredictOptions,
  ): Promise<Decoded> {
    const task = (): Promise<Decoded> =>
      readWithin(this.#limit, decode(source, orientation), signal);
    return hasPixels(source) ? task() : decoding.run(signal, task);
  }
}

/** `reading`, for `limit` milliseconds at most. Raises DecodeError or the signal's reason. */
export function readWithin<T>(
  limit: number,
  reading: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const read = within(limit, reading, () => {
    const seconds = limit / 1000;
    return new DecodeError(
      `The image could not be read within ${seconds} s; is it loaded, and the network up?`,
    );
  });
  return untilAborted(read, signal);
}
