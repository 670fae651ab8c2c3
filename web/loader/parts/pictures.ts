/** Picture files brought into a form that browsers decode as Pillow does; needed for files, not for a camera. */
export { plain } from "../formats/plain.ts";
export { place } from "../formats/placement.ts";
export { turn } from "../formats/orientation.ts";
export { FormatError } from "../formats/bytes.ts";
