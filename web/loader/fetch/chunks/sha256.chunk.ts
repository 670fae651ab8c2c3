/** SHA-256 in JavaScript, for pages from plain HTTP, on which WebCrypto is unavailable. */
export { sha256 } from "@noble/hashes/sha2.js";
