/** SHA-256 in plain script, for pages that the browser lets no hashing to: those from plain HTTP. */
export { sha256 } from "@noble/hashes/sha2.js";
