/** What few pages need of the manifest: its signature, and advice where its site is of another version. */
export { problemOf } from "./dsse.ts";
export { adviceFor } from "./other_version.ts";
