/** What a page gives as an image. Objects of another window, such as an <iframe>'s, have other classes but the same tags. */
import { DecodeError } from "../api/errors.ts";
import type { ImageSource } from "../api/image.ts";

interface Size {
  width: number;
  height: number;
}

const EXPECTED =
  "pass a Blob, a URL, ImageBitmap, ImageData, <img>, <canvas>, <video> or VideoFrame";

/** The class of `source` by its tag: `"Blob"` for a Blob of this or another window. Classes that imitate one have none. */
export function tagOf(source: unknown): string {
  const tag = Object.prototype.toString.call(source).slice(8, -1);
  if (tag !== "Object") return tag;
  const { constructor } = source as { constructor?: { name: string } };
  return constructor?.name ?? tag;
}

export function isBlob(source: unknown): source is Blob {
  return tagOf(source) === "Blob" || tagOf(source) === "File";
}

export function isImageData(source: unknown): source is ImageData {
  return tagOf(source) === "ImageData";
}

export function isImageElement(source: unknown): source is HTMLImageElement {
  return tagOf(source) === "HTMLImageElement";
}

/** Whether `source` is an address, which is fetched. */
export function isAddress(source: unknown): source is string | URL {
  return typeof source === "string" || tagOf(source) === "URL";
}

/** The size of a source that has it without decoding. Raises DecodeError for an empty source, and for other values. */
export function sizeOf(source: ImageSource): Size {
  const { width, height } = sizeFields(source);
  if (width && height) return { width, height };
  throw new DecodeError(
    tagOf(source) === "HTMLVideoElement"
      ? "The video has no frame yet; wait for its 'loadeddata' event."
      : "The source is empty (0 × 0 pixels), closed or detached.",
  );
}

function sizeFields(source: ImageSource): Size {
  switch (tagOf(source)) {
    case "HTMLVideoElement": {
      const { videoWidth, videoHeight } = source as HTMLVideoElement;
      return { width: videoWidth, height: videoHeight };
    }
    case "VideoFrame": {
      const { displayWidth, displayHeight } = source as VideoFrame;
      return { width: displayWidth, height: displayHeight };
    }
    case "ImageBitmap":
    case "HTMLCanvasElement":
    case "OffscreenCanvas":
      return source as ImageBitmap;
    default:
      throw new DecodeError(`Found ${described(source)}, which is not an image; ${EXPECTED}.`);
  }
}

/** The images of an array or another list, such as a FileList. Raises RangeError for anything else. */
export function listOf<T>(sources: Iterable<T>): T[] {
  const given = sources as unknown;
  if (typeof given === "object" && given && Symbol.iterator in given) return [...sources];
  throw new RangeError(
    `predictBatch takes an array of images; found ${described(sources)}. For one image call predict.`,
  );
}

function described(value: unknown): string {
  const tag = tagOf(value);
  return `${/^[AEIOU]/.test(tag) ? "an" : "a"} ${tag}`;
}
