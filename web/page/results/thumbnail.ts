/** Small copies of pictures, so that a long table keeps no large ones in memory. */

/** In CSS pixels; the canvas has twice as many for sharp screens. */
const WIDTH = 48;
const HEIGHT = 36;

/** Draws `blob` onto `canvas`, whole; leaves it empty where the browser cannot read it, though the loader may. */
export async function drawThumbnail(canvas: HTMLCanvasElement, blob: Blob): Promise<void> {
  canvas.width = 2 * WIDTH;
  canvas.height = 2 * HEIGHT;
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(blob);
  } catch {
    return;
  }
  const scale = Math.min(canvas.width / bitmap.width, canvas.height / bitmap.height);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  const context = canvas.getContext("2d")!;
  context.imageSmoothingQuality = "high";
  context.drawImage(
    bitmap,
    (canvas.width - width) / 2,
    (canvas.height - height) / 2,
    width,
    height,
  );
  bitmap.close();
}
