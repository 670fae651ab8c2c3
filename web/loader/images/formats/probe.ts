import type { Bytes } from "./bytes.ts";

/** A tiny file of known pixels. */
export interface Probe {
  file: Bytes;
  /** Sum over all channel values, red, green and blue in turn, each times its place counted from 1. */
  sum: number;
  /** What to say of a browser that decodes it in another way. */
  inexact: string;
}
