/** The page's part of session.py. */
export { Engine } from "../web/loader/backends/compiled/engine.ts";
export { decodePart } from "../web/loader/fetch/decoder.chunk.ts";
export { inParts } from "../tests/loader/in_parts.ts";
