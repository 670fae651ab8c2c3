/** Pixels in the layout of `ImageData`: 4 bytes each, the fourth ignored. */
export interface Pixels {
  data: Uint8ClampedArray | Uint8Array;
  width: number;
  height: number;
}

/** Gathers the pixels at `rows` and `columns` of `source`; an index of -1 gives the colour `fill`. */
export function gather(
  source: Pixels,
  rows: Int32Array,
  columns: Int32Array,
  fill: readonly number[] = [0, 0, 0],
): Pixels {
  const data = new Uint8ClampedArray(rows.length * columns.length * 4);
  let to = 0;
  for (const row of rows) {
    for (const column of columns) {
      const outside = row < 0 || column < 0;
      const at = (row * source.width + column) * 4;
      for (let c = 0; c < 3; c++) data[to + c] = outside ? fill[c]! : source.data[at + c]!;
      to += 4;
    }
  }
  return { data, width: columns.length, height: rows.length };
}
