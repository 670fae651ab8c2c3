import { FormatError } from "./bytes.ts";

/** Twice Pillow's `Image.MAX_IMAGE_PIXELS`: `Image.open` raises DecompressionBombError for more. */
const MAX_PIXELS = 178_956_970;

/**
 * Checks the size that a header declares, before memory is taken for it. Raises FormatError for an empty image, and above
 * Pillow's limit, since a small file can declare any size.
 */
export function checkSize(width: number, height: number, format: string): void {
  if (!(width > 0 && height > 0)) {
    throw new FormatError(`The ${format} file declares an empty image (${width} × ${height}).`);
  }
  if (width * height > MAX_PIXELS) {
    throw new FormatError(
      `The ${format} file declares ${width} × ${height} pixels; Pillow refuses more than ${MAX_PIXELS}.`,
    );
  }
}
