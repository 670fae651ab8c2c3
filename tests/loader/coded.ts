/** Decodes coded parts: `node coded.ts FILE DECODED ...` prints the SHA-256 of each, or the message of its refusal. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { BackendError } from "../../web/loader/api/errors.ts";
import { decodePart } from "../../web/loader/fetch/chunks/decoder.chunk.ts";

const given = process.argv.slice(2);
const found: string[] = [];
for (let at = 0; at < given.length; at += 2) {
  const stored = new Uint8Array(readFileSync(given[at]!));
  try {
    const bytes = await decodePart(
      stored,
      { decoded: Number(given[at + 1]) },
      BackendError,
    );
    found.push(createHash("sha256").update(bytes).digest("hex"));
  } catch (error) {
    found.push(String(error));
  }
}
console.log(JSON.stringify(found));
