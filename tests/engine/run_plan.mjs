// Runs a plan in Node as a page does, by web/engine/README.md:
// node run_plan.mjs MODULE PLAN WEIGHTS INPUT OUTPUT THREADS
import { readFileSync, writeFileSync } from "node:fs";
import { isMainThread, Worker, workerData } from "node:worker_threads";

if (!isMainThread) {
  const { module, memory, stack, thread, threads } = workerData;
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  exports.__stack_pointer.value = stack;
  while (exports.engine_run(thread, threads) === 0);
} else {
  const [modulePath, planPath, weightsPath, inputPath, outputPath, count] = process.argv.slice(2);
  const threads = Number(count);
  const module = await WebAssembly.compile(readFileSync(modulePath));
  // A module for threads requires shared memory, even on one thread.
  const limits = modulePath.includes("threads") ? { maximum: 65_535, shared: true } : {};
  const memory = new WebAssembly.Memory({ initial: 16, ...limits });
  const { exports: engine } = await WebAssembly.instantiate(module, { env: { memory } });
  const grow = (bytes) => {
    const missing = Math.ceil((bytes - memory.buffer.byteLength) / 65_536);
    if (missing > 0) memory.grow(missing);
  };
  const call = (name, ...values) => {
    const code = engine[name](...values);
    if (code) throw new Error(`${name}: ${code}`);
  };
  const plan = readFileSync(planPath);
  const base = engine.engine_base() >>> 0;
  grow(base + 2 * plan.length + 65_536);
  new Uint8Array(memory.buffer).set(plan, base);
  const started = performance.now();
  call("engine_check", base, plan.length, memory.buffer.byteLength - base);

  const file = readFileSync(weightsPath);
  const headerSize = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, 8 + headerSize));
  const data = file.subarray(8 + headerSize);
  const used = Object.keys(header).filter(
    (name) => /^w\d+$/.test(name) && engine.engine_weight_length(Number(name.slice(1))),
  );
  const product = (sides) => sides.reduce((a, b) => a * b, 1);
  for (const name of used) {
    const { dtype, shape } = header[name];
    const scale = header[`${name}.scale`];
    const axis = Math.max(scale?.shape.findIndex((side) => side > 1) ?? 0, 0);
    const layout = {
      F32: [0, 1, 1],
      F16: [1, 1, 1],
      I8: [2, scale && product(scale.shape), product(shape.slice(axis + 1))],
      U8: [3, scale?.shape[1], 1],
    }[dtype];
    call("engine_store", Number(name.slice(1)), ...layout);
  }
  const size = engine.engine_size(threads) >>> 0;
  if (!size) throw new Error("engine_size: 0");
  grow(base + size);
  call("engine_place", memory.buffer.byteLength - base, threads);
  const staging = engine.engine_staging() >>> 0;
  const room = Math.min(engine.engine_staging_bytes() >>> 0, 4 << 20) & ~15;
  for (const name of used) {
    const pieces = [
      ["engine_scale", header[`${name}.scale`]],
      ["engine_unpack", header[name]],
    ];
    for (const [unpack, entry] of pieces) {
      if (!entry) continue;
      const [from, to] = entry.data_offsets;
      for (let at = from; at < to; at += room) {
        const piece = data.subarray(at, Math.min(at + room, to));
        new Uint8Array(memory.buffer).set(piece, staging);
        call(unpack, Number(name.slice(1)), at - from, staging, piece.length);
      }
    }
  }
  call("engine_ready");
  const loaded = performance.now() - started;

  const workers = Array.from({ length: threads - 1 }, (_, index) => {
    const thread = index + 1;
    const stack = engine.engine_stack(thread) >>> 0;
    return new Worker(new URL(import.meta.url), {
      workerData: { module, memory, stack, thread, threads },
    });
  });
  const inputs = readFileSync(inputPath);
  const inputBytes = 4 * engine.engine_input_length();
  const outputs = [];
  let fastest = Infinity;
  for (let at = 0; at < inputs.length; at += inputBytes) {
    new Uint8Array(memory.buffer).set(
      inputs.subarray(at, at + inputBytes),
      engine.engine_input() >>> 0,
    );
    const start = performance.now();
    call("engine_run", 0, threads);
    fastest = Math.min(fastest, performance.now() - start);
    const output = engine.engine_output() >>> 0;
    outputs.push(
      new Uint8Array(memory.buffer).slice(output, output + 4 * engine.engine_output_length()),
    );
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  writeFileSync(outputPath, Buffer.concat(outputs));
  const memoryMiB = memory.buffer.byteLength / 2 ** 20;
  console.log(JSON.stringify({ loaded, fastest, memoryMiB }));
}
