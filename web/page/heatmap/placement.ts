/** Which part of a picture the network's input shows, after its resize, crop and padding. */
import type { PreprocessingInfo, StepInfo } from "../../loader/torch2web.ts";

/** In pixels of the picture; reaches beyond it where the input is padded. */
export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** How pixels of the current image lie in the picture: at `x + i * scaleX`, `y + j * scaleY`. */
interface Placement {
  width: number;
  height: number;
  x: number;
  y: number;
  scaleX: number;
  scaleY: number;
}

/** Of a picture of this size, as the steps see it. */
export function inputIn(
  { steps }: Pick<PreprocessingInfo, "steps">,
  width: number,
  height: number,
): Rectangle {
  const start: Placement = { width, height, x: 0, y: 0, scaleX: 1, scaleY: 1 };
  const end = steps.reduce(after, start);
  return { x: end.x, y: end.y, width: end.width * end.scaleX, height: end.height * end.scaleY };
}

function after(before: Placement, step: StepInfo): Placement {
  const { width, height } = before;
  switch (step.op) {
    case "grey":
      return before;
    case "pad": {
      const [left, top, right, bottom] = step.padding;
      return window(before, -left, -top, width + left + right, height + top + bottom);
    }
    case "center_crop": {
      const [toHeight, toWidth] = step.size;
      return window(before, (width - toWidth) / 2, (height - toHeight) / 2, toWidth, toHeight);
    }
    case "letterbox": {
      const [toHeight, toWidth] = step.size;
      const factor = Math.min(toWidth / width, toHeight / height);
      const inner = resized(before, width * factor, height * factor);
      const [left, top] = [(inner.width - toWidth) / 2, (inner.height - toHeight) / 2];
      return window(inner, left, top, toWidth, toHeight);
    }
    case "resize": {
      if (typeof step.size === "number") {
        const [shorter, longer] = [Math.min(width, height), Math.max(width, height)];
        let factor = step.size / shorter;
        if (step.max_size) factor = Math.min(factor, step.max_size / longer);
        return resized(before, width * factor, height * factor);
      }
      const [toHeight, toWidth] = step.size;
      const factors = [toWidth / width, toHeight / height] as const;
      if (!step.fit) return resized(before, toWidth, toHeight);
      const factor = step.fit === "contain" ? Math.min(...factors) : Math.max(...factors);
      return resized(before, width * factor, height * factor);
    }
  }
}

function resized(before: Placement, width: number, height: number): Placement {
  const { scaleX, scaleY } = before;
  return {
    ...before,
    width,
    height,
    scaleX: (scaleX * before.width) / width,
    scaleY: (scaleY * before.height) / height,
  };
}

/** The part from (left, top) on, of another size. */
function window(
  before: Placement,
  left: number,
  top: number,
  width: number,
  height: number,
): Placement {
  const { x, y, scaleX, scaleY } = before;
  return { ...before, x: x + left * scaleX, y: y + top * scaleY, width, height };
}
