/**
 * One network in the engine and in onnxruntime-web, each on one thread, in turns. The files beside this one:
 * engine.wasm, plan.bin, weights.safetensors, model.onnx, input.bin, and those of onnxruntime-web.
 */

/** Runs of each side in one turn; the first of a turn warms the caches. */
const RUNS = 3;

/** Turns until this many milliseconds have passed, at least LEAST and at most MOST of them. */
const MILLISECONDS = 4000;
const LEAST = 2;
const MOST = 12;

const bytesOf = async (name) =>
  new Uint8Array(await (await fetch(name)).arrayBuffer());

/** A function that runs the plan once and returns its output; calls as in web/engine/README.md. */
async function openEngine(input) {
  const memory = new WebAssembly.Memory({ initial: 16 });
  const { instance } = await WebAssembly.instantiate(
    await bytesOf("engine.wasm"),
    { env: { memory } },
  );
  const engine = instance.exports;
  const call = (name, ...values) => {
    const code = engine[name](...values);
    if (code) throw new Error(`${name}: ${code}`);
  };
  const grow = (bytes) => {
    const missing = Math.ceil((bytes - memory.buffer.byteLength) / 65_536);
    if (missing > 0) memory.grow(missing);
  };
  const plan = await bytesOf("plan.bin");
  const base = engine.engine_base() >>> 0;
  grow(base + 2 * plan.length + 65_536);
  new Uint8Array(memory.buffer).set(plan, base);
  call("engine_check", base, plan.length, memory.buffer.byteLength - base);
  await unpackWeights(engine, memory, { call, grow, base });
  const at = engine.engine_input() >>> 0;
  const output = engine.engine_output() >>> 0;
  return () => {
    new Float32Array(memory.buffer).set(input, at / 4);
    call("engine_run", 0, 1);
    return new Float32Array(
      memory.buffer,
      output,
      engine.engine_output_length(),
    ).slice();
  };
}

/** All weights are float32. */
async function unpackWeights(engine, memory, { call, grow, base }) {
  const file = await bytesOf("weights.safetensors");
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const header = JSON.parse(
    new TextDecoder().decode(file.subarray(8, 8 + length)),
  );
  const data = file.subarray(8 + length);
  const used = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => [Number(name.slice(1)), entry.data_offsets])
    .filter(([number]) => engine.engine_weight_length(number));
  for (const [number] of used) call("engine_store", number, 0, 1, 1);
  const size = engine.engine_size(1) >>> 0;
  if (!size) throw new Error("engine_size: 0");
  grow(base + size);
  call("engine_place", memory.buffer.byteLength - base, 1);
  const staging = engine.engine_staging() >>> 0;
  const room = Math.min(engine.engine_staging_bytes() >>> 0, 4 << 20) & ~15;
  for (const [number, [from, to]] of used) {
    for (let at = from; at < to; at += room) {
      const piece = data.subarray(at, Math.min(at + room, to));
      new Uint8Array(memory.buffer).set(piece, staging);
      call("engine_unpack", number, at - from, staging, piece.length);
    }
  }
  call("engine_ready");
}

/** The same for onnxruntime-web. */
async function openRuntime(input, shape, { api, glue, wasm }) {
  const ort = await import(new URL(api, location.href).href);
  const wasmPaths = {
    mjs: new URL(glue, location.href).href,
    wasm: new URL(wasm, location.href).href,
  };
  Object.assign(ort.env.wasm, { wasmPaths, numThreads: 1 });
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(
    await bytesOf("model.onnx"),
    { executionProviders: ["wasm"] },
  );
  return async () => {
    const tensor = new ort.Tensor("float32", input, shape);
    const outputs = await session.run({ [session.inputNames[0]]: tensor });
    return outputs[session.outputNames[0]].data;
  };
}

/** Least milliseconds of each side, and the largest difference of outputs, relative to the largest output. */
export async function compare(shape, runtime) {
  const input = new Float32Array((await bytesOf("input.bin")).buffer);
  const sides = [
    await openEngine(input),
    await openRuntime(input, shape, runtime),
  ];
  const [own, theirs] = [await sides[0](), await sides[1]()];
  let difference = 0;
  let largest = 0;
  theirs.forEach((value, i) => {
    difference = Math.max(difference, Math.abs(value - own[i]));
    largest = Math.max(largest, Math.abs(value));
  });
  const least = [Infinity, Infinity];
  const begun = performance.now();
  const isOver = (turn) =>
    turn >= LEAST && performance.now() - begun > MILLISECONDS;
  for (let turn = 0; turn < MOST && !isOver(turn); turn++) {
    for (const [number, run] of sides.entries()) {
      for (let i = 0; i < RUNS; i++) {
        const started = performance.now();
        await run();
        least[number] = Math.min(least[number], performance.now() - started);
      }
    }
  }
  return { engine: least[0], web: least[1], difference: difference / largest };
}
