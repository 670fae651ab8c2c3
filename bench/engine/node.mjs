// node bench/engine/node.mjs FOLDER [rounds] [steps]: the builds in FOLDER, one after the other.
import { readFileSync } from "node:fs";
import { measure } from "./measure.js";

const [folder, rounds = "30", steps] = process.argv.slice(2);
for (const name of ["engine-relaxed.wasm", "engine.wasm"]) {
  const bytes = readFileSync(`${folder}/${name}`);
  const result = await measure(bytes, { rounds: Number(rounds), steps: Boolean(steps) });
  console.log(
    name,
    JSON.stringify(result, (_, v) => (typeof v === "number" ? Number(v.toPrecision(3)) : v)),
  );
}
