/** What session.py drives in a page. */
export { Engine } from "../web/loader/backends/compiled/engine.ts";
export { inParts } from "../tests/loader/in_parts.ts";
