/** Prepares image files so that browsers decode them as Pillow does, and preprocesses pixels: what every image needs. */
export { prepare } from "./prepare.ts";
export { place } from "./placement.ts";
export { orient } from "./orientation.ts";
export { FormatError } from "./bytes.ts";
export { tensorOf } from "../tensor_of.ts";
