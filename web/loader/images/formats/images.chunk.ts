/** Prepares image files so that browsers decode them as Pillow does; needed for files, not for a camera. */
export { prepare } from "./prepare.ts";
export { place } from "./placement.ts";
export { orient } from "./orientation.ts";
export { FormatError } from "./bytes.ts";
