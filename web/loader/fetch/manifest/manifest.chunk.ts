/** What few pages need of the manifest: its signature, versions, and advice where its site is of another version. */
export { problemOf } from "./dsse.ts";
export { adviceFor } from "./other_version.ts";
export { pinInIndex } from "./store_index.ts";
