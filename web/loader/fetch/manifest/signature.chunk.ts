/** Checks the signature of model_info.json, on pages that require one. */
export { problemOf } from "./dsse.ts";
