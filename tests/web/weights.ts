/** Decodes a safetensors file in parts of each size given: prints a hash of every weight, for Python to compare. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { externalData } from "../../web/loader/weights.ts";

const [path, ...sizes] = process.argv.slice(2);
const file = new Uint8Array(readFileSync(path!));
const results = sizes.map(Number).map((size) => {
  const parts: (Uint8Array<ArrayBuffer> | undefined)[] = [];
  for (let at = 0; at < file.length; at += size)
    parts.push(file.slice(at, at + size));
  const hashes = Object.fromEntries(
    externalData(parts).map(({ path: name, data }) => {
      const bytes = data.subarray(0, data.byteLength);
      return [name, createHash("sha256").update(bytes).digest("hex")];
    }),
  );
  return { hashes, left: parts.filter((part) => part).length };
});
console.log(JSON.stringify(results));
