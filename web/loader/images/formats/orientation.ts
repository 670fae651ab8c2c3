import { textAt, viewOf } from "./bytes.ts";

const ORIENTATION_TAG = 0x0112;

/** The orientation, 1 to 8, in Exif data (CIPA DC-008, a TIFF file); 1 if it has none. */
export function exifOrientation(exif: Uint8Array): number {
  const tiff = textAt(exif, 0, 6) === "Exif\0\0" ? exif.subarray(6) : exif;
  const view = viewOf(tiff);
  try {
    const little = textAt(tiff, 0, 2) === "II";
    const directory = view.getUint32(4, little);
    const entries = view.getUint16(directory, little);
    for (let at = directory + 2; at < directory + 2 + entries * 12; at += 12) {
      if (view.getUint16(at, little) !== ORIENTATION_TAG) continue;
      const value = view.getUint16(at + 8, little);
      return value >= 1 && value <= 8 ? value : 1;
    }
  } catch {
    // Truncated: ignored, as by Pillow.
  }
  return 1;
}

/** Applies an Exif orientation: Pillow's `exif_transpose`. */
export function orient(image: ImageData, orientation: number): ImageData {
  if (orientation <= 1) return image;
  const { width, height } = image;
  const transposed = orientation >= 5;
  const result = new ImageData(transposed ? height : width, transposed ? width : height);
  const from = new Uint32Array(image.data.buffer);
  const to = new Uint32Array(result.data.buffer);
  // From 5 on, columns and rows are swapped too.
  const mirrorX = [2, 3, 7, 8].includes(orientation);
  const mirrorY = [3, 4, 6, 7].includes(orientation);
  for (let y = 0, at = 0; y < result.height; y++) {
    for (let x = 0; x < result.width; x++, at++) {
      const [column, row] = transposed ? [y, x] : [x, y];
      const sourceX = mirrorX ? width - 1 - column : column;
      const sourceY = mirrorY ? height - 1 - row : row;
      to[at] = from[sourceY * width + sourceX]!;
    }
  }
  return result;
}
