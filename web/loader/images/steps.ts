/** torchvision's transforms of a PIL image. */
import type { PadInfo, ResizeInfo, StepInfo } from "../api/preprocessing.ts";
import { gather, type Pixels } from "./pixels.ts";
import { resample } from "./resample.ts";

/** Applies one step; the fourth channel of the result is undefined. */
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
      return gather(
        pixels,
        centered(height, step.size[0]),
        centered(width, step.size[1]),
        [0, 0, 0],
      );
    case "pad": {
      const [left, top, right, bottom] = step.padding;
      const rows = padded(height, top, bottom, step.mode);
      return gather(pixels, rows, padded(width, left, right, step.mode), step.fill);
    }
  }
}

function resized(size: ResizeInfo["size"], width: number, height: number): [number, number] {
  if (typeof size !== "number") return size;
  const longer = Math.trunc((size * Math.max(width, height)) / Math.min(width, height));
  return width <= height ? [longer, size] : [size, longer];
}

/** Input indices of a center crop along one dimension. */
function centered(length: number, wanted: number): Int32Array {
  const before = Math.max(0, (wanted - length) >> 1);
  const rest = Math.max(0, length - wanted);
  // Rounds half to even, as Python does in torchvision.
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
