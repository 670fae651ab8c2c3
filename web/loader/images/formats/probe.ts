import type { Bytes } from "./bytes.ts";

/** A tiny file whose pixels are known, to test the browser's decoder. */
export interface Probe {
  file: Bytes;
  /** Sum over all values of red, green and blue in order, each times its 1-based index. */
  sum: number;
  /** The reason to give where it is decoded differently, true of browsers and of Node. */
  inexact: string;
}
