/** What session.py drives in a page. */
export { Engine } from "../web/loader/backends/engine.ts";
export { PartedBytes } from "../web/loader/parted_bytes.ts";
