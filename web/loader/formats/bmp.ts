import { truncated, viewOf } from "./bytes.ts";

/**
 * The pixels of an uncompressed BMP of 32 bits, whose fourth byte some browsers take for alpha and Pillow does not;
 * undefined for other BMPs. Raises FormatError where rows are missing, which browsers paint black.
 */
export function decodeBmp(bytes: Uint8Array): ImageData | undefined {
  const view = viewOf(bytes);
  if (bytes.length < 34) throw truncated(bytes, "BMP");
  const [start, headerSize] = [view.getUint32(10, true), view.getUint32(14, true)];
  if (headerSize < 40 || view.getUint32(30, true) !== 0) return undefined; // another header, or compressed
  const [width, signedHeight] = [view.getInt32(18, true), view.getInt32(22, true)];
  const [height, depth] = [Math.abs(signedHeight), view.getUint16(28, true)];
  const rowSize = Math.ceil((width * depth) / 32) * 4;
  if (start + rowSize * height > bytes.length) throw truncated(bytes, "BMP");
  if (depth !== 32 || width <= 0 || height === 0) return undefined;
  const image = new ImageData(width, height);
  for (let y = 0, to = 0; y < height; y++) {
    let at = start + (signedHeight > 0 ? height - 1 - y : y) * rowSize;
    for (let x = 0; x < width; x++, at += 4, to += 4) {
      image.data[to] = bytes[at + 2]!;
      image.data[to + 1] = bytes[at + 1]!;
      image.data[to + 2] = bytes[at]!;
      image.data[to + 3] = 255;
    }
  }
  return image;
}
