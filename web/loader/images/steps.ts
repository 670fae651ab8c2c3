import type { PadInfo, ResizeInfo, StepInfo } from "../api/preprocessing.ts";
import { pick, resample, type Pixels } from "./resample.ts";

/** `pixels` after one step; the fourth channel of the result means nothing. */
export function applyStep(pixels: Pixels, step: StepInfo, verticalFirst: boolean): Pixels {
  const { width, height } = pixels;
  switch (step.op) {
    case "resize": {
      const [newHeight, newWidth] = resized(step.size, width, height);
      return resample(pixels, newWidth, newHeight, {
        filter: step.filter,
        vertical_first: verticalFirst,
      });
    }
    case "center_crop":
      return pick(pixels, middle(height, step.size[0]), middle(width, step.size[1]), [0, 0, 0]);
    case "pad": {
      const [left, top, right, bottom] = step.padding;
      const rows = padded(height, top, bottom, step.mode);
      return pick(pixels, rows, padded(width, left, right, step.mode), step.fill);
    }
  }
}

function resized(size: ResizeInfo["size"], width: number, height: number): [number, number] {
  if (typeof size !== "number") return size;
  const longer = Math.trunc((size * Math.max(width, height)) / Math.min(width, height));
  return width <= height ? [longer, size] : [size, longer];
}

/** The places of a center crop along one side. */
function middle(length: number, wanted: number): Int32Array {
  const before = Math.max(0, (wanted - length) >> 1);
  const rest = Math.max(0, length - wanted);
  // Python rounds a half to the even number, and so torchvision crops.
  const cut = (rest >> 1) + (rest & (rest >> 1) & 1);
  return Int32Array.from({ length: wanted }, (_, i) => inside(i - before + cut, length));
}

function padded(length: number, before: number, after: number, mode: PadInfo["mode"]): Int32Array {
  return Int32Array.from({ length: before + length + after }, (_, i) =>
    PADDINGS[mode](i - before, length),
  );
}

const PADDINGS: Record<PadInfo["mode"], (place: number, length: number) => number> = {
  constant: inside,
  edge: (place, length) => Math.min(Math.max(place, 0), length - 1),
  // The outermost line is not repeated in its mirror image, or it is.
  reflect: (place, length) => (length === 1 ? 0 : mirrored(place, length, 0)),
  symmetric: (place, length) => mirrored(place, length, 1),
};

/** `place` on a line of pictures and mirror images in turn; `repeated` is 1 where they share no line. */
function mirrored(place: number, length: number, repeated: 0 | 1): number {
  const period = 2 * (length - 1 + repeated);
  const at = ((place % period) + period) % period;
  return at < length ? at : period - repeated - at;
}

/** `place`, or -1 where the picture has none. */
function inside(place: number, length: number): number {
  return place >= 0 && place < length ? place : -1;
}
