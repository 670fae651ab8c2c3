/** Where a first frame lies on the picture that it is a part of, and what is around it. */
export interface Placement {
  width: number;
  height: number;
  left: number;
  top: number;
  /** Red, green and blue. */
  around: readonly [number, number, number];
}

/** The whole picture. What lies beyond it is cut off. */
export function place(
  frame: ImageData,
  { width, height, left, top, around: [red, green, blue] }: Placement,
): ImageData {
  const picture = new ImageData(width, height);
  for (let at = 0; at < picture.data.length; at += 4) {
    picture.data[at] = red;
    picture.data[at + 1] = green;
    picture.data[at + 2] = blue;
    picture.data[at + 3] = 255;
  }
  const columns = Math.max(0, Math.min(frame.width, width - left));
  for (let y = 0; y < Math.min(frame.height, height - top); y++) {
    const row = frame.data.subarray(4 * y * frame.width, 4 * (y * frame.width + columns));
    picture.data.set(row, 4 * ((top + y) * width + left));
  }
  return picture;
}
