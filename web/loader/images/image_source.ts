import { DecodeError } from "../api/errors.ts";
import type { ImageSource } from "../api/image.ts";

interface Size {
  width: number;
  height: number;
}

/** The size of a source that has it without decoding. Raises DecodeError for an empty source, and for other values. */
export function sizeOf(source: ImageSource): Size {
  const { width, height } = sizeFields(source);
  if (width && height) return { width, height };
  throw new DecodeError(
    isA("HTMLVideoElement", source)
      ? "The video has no frame yet; wait for its 'loadeddata' event."
      : "The source is empty (0 × 0 pixels), closed or detached.",
  );
}

function sizeFields(source: ImageSource): Size {
  if (isA("HTMLVideoElement", source)) {
    const { videoWidth, videoHeight } = source as HTMLVideoElement;
    return { width: videoWidth, height: videoHeight };
  }
  if (isA("VideoFrame", source)) {
    const { displayWidth, displayHeight } = source as VideoFrame;
    return { width: displayWidth, height: displayHeight };
  }
  if (["ImageBitmap", "HTMLCanvasElement", "OffscreenCanvas"].some((name) => isA(name, source))) {
    const { width, height } = source as ImageBitmap;
    return { width, height };
  }
  throw new DecodeError(
    `A ${Object.prototype.toString.call(source).slice(8, -1)} is not an image; ` +
      "pass a Blob, ImageBitmap, ImageData, <img>, <canvas>, <video> or VideoFrame.",
  );
}

/** `instanceof` for classes that some browsers or workers lack. */
export function isA(name: string, source: unknown): boolean {
  const constructor = (globalThis as Record<string, unknown>)[name];
  return typeof constructor === "function" && source instanceof constructor;
}
