// Runs many small plans without stored weights in one process: node run_cases.mjs MODULE CASES OUTPUT
// CASES is a line of JSON for each: {name, plan, inputs}, both in base64, samples one after another.
// OUTPUT gets the samples' outputs, case after case.
import { readFileSync, writeFileSync } from "node:fs";

const [modulePath, casesPath, outputPath] = process.argv.slice(2);
const module = await WebAssembly.compile(readFileSync(modulePath));
const GARBAGE = 0xa5; // the engine must not rely on zeros

function run({ name, plan, inputs }) {
  const memory = new WebAssembly.Memory({ initial: 16 });
  const { exports: engine } = new WebAssembly.Instance(module, { env: { memory } });
  const call = (entry, ...values) => {
    const code = engine[entry](...values);
    if (code) throw new Error(`${name}: ${entry}: ${code}`);
  };
  const base = engine.engine_base();
  let clean = base;
  const grow = (bytes) => {
    const missing = Math.ceil((bytes - memory.buffer.byteLength) / 65_536);
    if (missing > 0) memory.grow(missing);
    new Uint8Array(memory.buffer, clean).fill(GARBAGE);
    clean = memory.buffer.byteLength;
  };
  grow(base + 2 * plan.length + 65_536);
  new Uint8Array(memory.buffer).set(plan, base);
  call("engine_check", base, plan.length, memory.buffer.byteLength - base);
  const size = engine.engine_size(1);
  if (!size) throw new Error(`${name}: engine_size: 0`);
  grow(base + size);
  call("engine_place", memory.buffer.byteLength - base, 1);
  call("engine_ready");
  const outputs = [];
  const sample = 4 * engine.engine_input_length();
  for (let at = 0; at < inputs.length; at += sample) {
    new Uint8Array(memory.buffer).set(inputs.subarray(at, at + sample), engine.engine_input());
    call("engine_run", 0, 1);
    const output = engine.engine_output();
    outputs.push(
      Buffer.from(memory.buffer.slice(output, output + 4 * engine.engine_output_length())),
    );
  }
  return Buffer.concat(outputs);
}

const decoded = (text) => Buffer.from(text, "base64");
const results = [];
for (const line of readFileSync(casesPath, "utf8").split("\n").filter(Boolean)) {
  const { name, plan, inputs } = JSON.parse(line);
  results.push(run({ name, plan: decoded(plan), inputs: decoded(inputs) }));
}
writeFileSync(outputPath, Buffer.concat(results));
