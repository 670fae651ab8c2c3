import type { Probe } from "../probe.ts";

/** 8 × 8 pixels with chroma subsampled 4:2:0, written by Pillow; `sum` is that of Pillow's decoder. */
const SUBSAMPLED =
  "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAAAAAAAOcGl0bQAA" +
  "AAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAAANwAAAChpaW5mAAAAAAABAAAAGmluZmUCAAAAAAEAAGF2MDFDb2xvcgAAAABqaXBycAAAAEtp" +
  "cGNvAAAAFGlzcGUAAAAAAAAACAAAAAgAAAAQcGl4aQAAAAADCAgIAAAADGF2MUOBAAwAAAAAE2NvbHJuY2x4AAEADQAGgAAAABdpcG1hAAAAAAAAAAEA" +
  "AQQBAoMEAAAAP21kYXQSAAoIGAi/bICGg0IyKRlHh4YhgABoFAAAkEEH9p4AuobtWlj+EV+6THtBTn+oBTYaag+bUHZK";

/** Whether the decoder interpolates subsampled colours as Pillow's decoder does. */
export const SUBSAMPLING_PROBE: Probe = {
  file: Uint8Array.from(atob(SUBSAMPLED), (letter) => letter.charCodeAt(0)),
  sum: 2_675_149,
  inexact: "the colours of AVIF are interpolated in another way",
};
