/** Picture files brought into a form that browsers decode as Pillow does; needed for files, not for a camera. */
export { plain } from "./plain.ts";
export { place } from "./placement.ts";
export { turn } from "./orientation.ts";
export { FormatError } from "./bytes.ts";
