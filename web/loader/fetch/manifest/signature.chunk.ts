/** Checks the signature of model_info.json, for pages that insist on one. */
export { problemOf } from "./dsse.ts";
