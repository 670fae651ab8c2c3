/** torchvision's transforms of a PIL image, and the letterbox of YOLO. */
import type {
  CenterCropInfo,
  LetterboxInfo,
  PadInfo,
  PreprocessingInfo,
  ResizeInfo,
  StepInfo,
} from "../api/preprocessing.ts";
import { gather, type Pixels } from "./pixels.ts";
import { resample } from "./resample.ts";

/** The image after all steps; its fourth channel is undefined. A grey image has three equal channels. */
export function applySteps(
  image: Pixels,
  { color, steps, vertical_first }: PreprocessingInfo,
): Pixels {
  const first = color === "grey" ? grey(image) : image;
  return steps.reduce((pixels, step) => applyStep(pixels, step, vertical_first), first);
}

/** Applies one step; the fourth channel of the result is undefined. */
export function applyStep(pixels: Pixels, step: StepInfo, vertical_first: boolean): Pixels {
  const { width, height } = pixels;
  const resize = ({ filter }: ResizeInfo | LetterboxInfo, [rows, columns]: Size): Pixels =>
    resample(pixels, columns, rows, { filter, vertical_first });
  switch (step.op) {
    case "resize":
      return resize(step, resized(step, height, width));
    case "center_crop":
      return crop(pixels, step);
    case "letterbox": {
      const ratio = Math.min(step.size[0] / height, step.size[1] / width);
      return crop(resize(step, [rounded(height * ratio), rounded(width * ratio)]), step);
    }
    case "grey":
      return grey(pixels);
    case "pad": {
      const [left, top, right, bottom] = step.padding;
      const rows = padded(height, top, bottom, step.mode);
      return gather(pixels, rows, padded(width, left, right, step.mode), step.fill);
    }
  }
}

/** Height and width. */
type Size = [number, number];

function resized(
  { size, max_size = Infinity, fit }: ResizeInfo,
  height: number,
  width: number,
): Size {
  if (typeof size !== "number") {
    if (!fit) return size;
    const ratio = Math[fit === "cover" ? "min" : "max"](height / size[0], width / size[1]);
    return [rounded(height / ratio), rounded(width / ratio)];
  }
  let shorter = size;
  let longer = Math.trunc((size * Math.max(width, height)) / Math.min(width, height));
  if (longer > max_size) {
    shorter = Math.max(1, Math.trunc((max_size * shorter) / longer));
    longer = max_size;
  }
  return width <= height ? [longer, shorter] : [shorter, longer];
}

/** Rounded half to even, as by Python, but at least one pixel. */
function rounded(length: number): number {
  const down = Math.floor(length);
  const rest = length - down;
  return Math.max(1, rest > 0.5 || (rest === 0.5 && down % 2) ? down + 1 : down);
}

/** Pillow's conversion of RGB to L. */
function grey({ data, width, height }: Pixels): Pixels {
  const words = new Uint32Array(width * height);
  for (let i = 0, at = 0; i < words.length; i++, at += 4) {
    const sum = data[at]! * 19595 + data[at + 1]! * 38470 + data[at + 2]! * 7471;
    words[i] = ((sum + 0x8000) >> 16) * 0x010101;
  }
  return { data: new Uint8ClampedArray(words.buffer), width, height };
}

function crop(
  pixels: Pixels,
  { size, fill, rounding }: Pick<CenterCropInfo, "size" | "fill" | "rounding">,
): Pixels {
  const [rows, columns] = ([pixels.height, pixels.width] as const).map((length, axis) => {
    const wanted = size[axis]!;
    const rest = length - wanted;
    const half = rest >> 1;
    // torchvision pads the odd pixel at the end, and rounds a crop half to even, as Python does.
    const start = rounding ? half : rest < 0 ? -(-rest >> 1) : half + (rest & half & 1);
    return Int32Array.from({ length: wanted }, (_, i) => inside(i + start, length));
  });
  return gather(pixels, rows!, columns!, fill);
}

function padded(length: number, before: number, after: number, mode: PadInfo["mode"]): Int32Array {
  return Int32Array.from({ length: before + length + after }, (_, i) =>
    PADDINGS[mode](i - before, length),
  );
}

const PADDINGS: Record<PadInfo["mode"], (place: number, length: number) => number> = {
  constant: inside,
  edge: (place, length) => Math.min(Math.max(place, 0), length - 1),
  reflect: (place, length) => (length === 1 ? 0 : mirrored(place, length, 0)),
  symmetric: (place, length) => mirrored(place, length, 1),
};

/** Index of `place` in the image repeated and mirrored in turn; `repeated` is 1 if the edge pixel is repeated too. */
function mirrored(place: number, length: number, repeated: 0 | 1): number {
  const period = 2 * (length - 1 + repeated);
  const at = ((place % period) + period) % period;
  return at < length ? at : period - repeated - at;
}

/** `place`, or -1 outside the image. */
function inside(place: number, length: number): number {
  return place >= 0 && place < length ? place : -1;
}
