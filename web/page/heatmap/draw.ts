/** Draws a class activation map so that it lies on the picture. */
import type { Heatmap, LoadedModelInfo, Orientation } from "../../loader/torch2web.ts";
import { inputIn, type Rectangle } from "./placement.ts";

/** Longer edge of the canvas in pixels: the map is rough, the picture is behind it. */
const SIZE = 640;

/** Colours of little and much: red, green, blue. */
const LITTLE = [255, 214, 10];
const MUCH = [196, 12, 48];

/** How stored pixels lie in the upright picture, by Exif's number of the orientation: `ctx.transform`, in widths and heights. */
const UPRIGHT: Record<number, (width: number, height: number) => DOMMatrix2DInit> = {
  2: (width) => ({ a: -1, e: width }),
  3: (width, height) => ({ a: -1, d: -1, e: width, f: height }),
  4: (_, height) => ({ d: -1, f: height }),
  5: () => ({ a: 0, b: 1, c: 1, d: 0 }),
  6: (_, height) => ({ a: 0, b: 1, c: -1, d: 0, e: height }),
  7: (width, height) => ({ a: 0, b: -1, c: -1, d: 0, e: height, f: width }),
  8: (width) => ({ a: 0, b: -1, c: 1, d: 0, f: width }),
};

export interface Drawn {
  /** Whether any place spoke for the label. */
  speaks: boolean;
  /** Whether parts of the picture were cut off before the network saw it. */
  isCut: boolean;
}

/** Draws `map` for a picture that is shown with this width and height, onto a canvas of the same shape. */
export function drawHeatmap(
  canvas: HTMLCanvasElement,
  map: Heatmap,
  { preprocessing }: Pick<LoadedModelInfo, "preprocessing">,
  shown: { width: number; height: number },
  { exif, applied }: Orientation,
): Drawn {
  const scale = SIZE / Math.max(shown.width, shown.height);
  canvas.width = Math.round(shown.width * scale);
  canvas.height = Math.round(shown.height * scale);
  const context = canvas.getContext("2d")!;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  // The network saw the pixels as they are stored, unless the orientation was applied for it.
  const orientation = applied ? 1 : exif;
  const isTurned = orientation >= 5;
  const width = isTurned ? shown.height : shown.width;
  const height = isTurned ? shown.width : shown.height;
  const upright = UPRIGHT[orientation]?.(width, height);
  if (upright) {
    const { a = 1, b = 0, c = 0, d = 1, e = 0, f = 0 } = upright;
    context.transform(a, b, c, d, e, f);
  }
  const input = inputIn(preprocessing, width, height);
  const speaks = drawCells(context, map, input);
  // Half a pixel is rounding.
  const isCut =
    input.x > 0.5 ||
    input.y > 0.5 ||
    input.x + input.width < width - 0.5 ||
    input.y + input.height < height - 0.5;
  if (isCut) darkenOutside(context, input, width, height);
  return { speaks, isCut };
}

/** Whether any cell speaks for the label. */
function drawCells(context: CanvasRenderingContext2D, map: Heatmap, input: Rectangle): boolean {
  const { width, height, values } = map;
  const highest = values.reduce((one, other) => Math.max(one, other), 0);
  if (highest <= 0) return false;
  const pixels = new ImageData(width, height);
  values.forEach((value, at) => {
    const share = Math.max(value, 0) / highest;
    const color = LITTLE.map((little, channel) => little + share * (MUCH[channel]! - little));
    pixels.data.set([...color, 255 * share], 4 * at);
  });
  const cells = document.createElement("canvas");
  cells.width = width;
  cells.height = height;
  cells.getContext("2d")!.putImageData(pixels, 0, 0);
  context.imageSmoothingQuality = "high";
  context.drawImage(cells, input.x, input.y, input.width, input.height);
  return true;
}

function darkenOutside(
  context: CanvasRenderingContext2D,
  { x, y, width, height }: Rectangle,
  whole: number,
  tall: number,
): void {
  context.beginPath();
  context.rect(0, 0, whole, tall);
  context.rect(x, y, width, height);
  context.fillStyle = "rgb(0 0 0 / 0.7)";
  context.fill("evenodd");
}
