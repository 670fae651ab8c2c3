/** What pages hold pictures in. */
import { DecodeError } from "../api/errors.ts";
import type { ImageSource } from "../api/image.ts";

/** The size of a picture that has one at once. Raises DecodeError for an empty one and for what is no picture. */
export function measured(source: ImageSource): { width: number; height: number } {
  const { width, height } = sizeOf(source);
  if (width && height) return { width, height };
  throw new DecodeError(
    isA("HTMLVideoElement", source)
      ? "The video has no frame yet; wait for its 'loadeddata' event."
      : "The source is empty (0 × 0 pixels), closed or detached.",
  );
}

function sizeOf(source: ImageSource): { width: number; height: number } {
  if (isA("HTMLVideoElement", source)) {
    const video = source as HTMLVideoElement;
    return { width: video.videoWidth, height: video.videoHeight };
  }
  if (isA("VideoFrame", source)) {
    const frame = source as VideoFrame;
    return { width: frame.displayWidth, height: frame.displayHeight };
  }
  if (["ImageBitmap", "HTMLCanvasElement", "OffscreenCanvas"].some((name) => isA(name, source))) {
    const { width, height } = source as ImageBitmap;
    return { width, height };
  }
  throw new DecodeError(
    `A ${Object.prototype.toString.call(source).slice(8, -1)} is no picture; ` +
      "give a Blob, ImageBitmap, ImageData, <img>, <canvas>, <video> or VideoFrame.",
  );
}

/** Like instanceof, for classes that not every browser or worker has. */
export function isA(name: string, source: unknown): boolean {
  const constructor = (globalThis as Record<string, unknown>)[name];
  return typeof constructor === "function" && source instanceof constructor;
}
