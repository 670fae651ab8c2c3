/** The same image as `synthetic` of tests/browser/images/test_pictures.py; its fourth channel is 0. */
export function synthetic(width: number, height: number): Uint8ClampedArray {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) {
      const index = i * 3 + c;
      data[i * 4 + c] =
        (Math.imul(index ^ (index >>> 7), 2654435761) >>> 13) & 255;
    }
  }
  return data;
}
