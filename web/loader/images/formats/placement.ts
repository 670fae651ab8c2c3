/** Position of a first frame in its image, and the colour around it. */
export interface Placement {
  width: number;
  height: number;
  left: number;
  top: number;
  /** Red, green and blue. */
  background: readonly [number, number, number];
}

/** Places `frame` in its image, and crops what is outside. */
export function place(
  frame: ImageData,
  { width, height, left, top, background: [red, green, blue] }: Placement,
): ImageData {
  const image = new ImageData(width, height);
  for (let at = 0; at < image.data.length; at += 4) {
    image.data[at] = red;
    image.data[at + 1] = green;
    image.data[at + 2] = blue;
    image.data[at + 3] = 255;
  }
  const columns = Math.max(0, Math.min(frame.width, width - left));
  for (let y = 0; y < Math.min(frame.height, height - top); y++) {
    const row = frame.data.subarray(4 * y * frame.width, 4 * (y * frame.width + columns));
    image.data.set(row, 4 * ((top + y) * width + left));
  }
  return image;
}
