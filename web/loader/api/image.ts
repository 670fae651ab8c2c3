type FrameOf<T> = T extends { VideoFrame: { prototype: infer Frame } } ? Frame : never;

/** The class `VideoFrame`, which TypeScript 5.0 does not know. */
type Frame = FrameOf<typeof globalThis>;

/** What `predict` takes, of this window or another; a string is the URL of an image. */
export type ImageSource =
  | Blob
  | string
  | URL
  | ImageBitmap
  | ImageData
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLVideoElement
  | Frame;

/**
 * How the pixels were decoded: `"script"` by the loader's own decoder, `"canvas"` by the browser's and read back from a
 * canvas, `"none"` where the source has pixels already; in Node `"sharp"` by the package of that name.
 */
export type DecodedBy = "script" | "canvas" | "none" | "sharp";

/** How a file says that its image is rotated or mirrored. */
export interface Orientation {
  /** Exif's number of the orientation, 1 to 8; 1 is upright, and where there is no file. */
  exif: number;
  /** Whether the image was rotated and mirrored accordingly: true for 2 to 8, unless the orientation is ignored. */
  applied: boolean;
}
