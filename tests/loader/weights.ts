/** Decodes a safetensors file in parts of each given size and prints a hash of every weight, for comparison with Python. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { inParts } from "./in_parts.ts";
import { externalData } from "../../web/loader/backends/onnxruntime/external_data.ts";

const [path, ...sizes] = process.argv.slice(2);
const file = new Uint8Array(readFileSync(path!));
const results = [];
for (const size of sizes.map(Number)) {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < file.length; at += size)
    parts.push(file.slice(at, at + size));
  const parted = inParts(parts);
  const hashes = Object.fromEntries(
    (await externalData(parted)).map(({ path: name, data }) => {
      const bytes = data.subarray(0, data.byteLength);
      return [name, createHash("sha256").update(bytes).digest("hex")];
    }),
  );
  results.push({ hashes, left: parted.held.length });
}
console.log(JSON.stringify(results));
