/** The page's part of session.py. */
export { Engine } from "../web/loader/backends/compiled/engine.ts";
export { decodePart } from "../web/loader/backends/weights/decoder.chunk.ts";
export { inParts } from "../tests/loader/in_parts.ts";
