/** In place of `loader/images/canvas.ts` in Node, which has none. */
import { DecodeError } from "../../loader/api/errors.ts";
import type * as Replaced from "../../loader/images/canvas.ts";

function refuse(): never {
  throw new DecodeError(
    "Canvases, bitmaps, elements and video are read in browsers only; in Node pass raw pixels " +
      "({ data, width, height }), the bytes of a file, or its URL.",
  );
}

export const readBack: typeof Replaced.readBack = refuse;
export const readRows: typeof Replaced.readRows = refuse;
export const transparency: typeof Replaced.transparency = refuse;
export const drawn: typeof Replaced.drawn = refuse;

/** Nothing alters pixels here. */
export const readBackProblem: typeof Replaced.readBackProblem = () => "";
