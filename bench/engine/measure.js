// Runs the networks of networks.c: in Node step by step, in a page on one or more threads.

const HEAP = 2 ** 20;
const STACK = 65536;

async function instance(bytes, memory, thread) {
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  // Further threads' stacks lie between the module's own and the heap.
  if (thread) instance.exports.__stack_pointer.value = HEAP - STACK * (thread - 1);
  return instance.exports;
}

/** Minima over `rounds` on one thread, in ms: whole and, with `steps`, of each. */
export async function measure(bytes, { rounds = 40, networks = [0, 1, 2], steps = false } = {}) {
  const memory = new WebAssembly.Memory({ initial: 4096 });
  const run = await instance(bytes, memory, 0);
  const results = {};
  for (const which of networks) {
    run.bench_prepare(HEAP, which, 1);
    const count = run.bench_steps();
    const time = (first, end) => {
      let least = Infinity;
      for (let round = 0; round < rounds; round++) {
        const before = performance.now();
        run.bench_run(first, end, 0, 1);
        least = Math.min(least, performance.now() - before);
      }
      return least;
    };
    results[which] = { whole: time(0, count) };
    if (steps) results[which].steps = Array.from({ length: count }, (_, i) => time(i, i + 1));
    results[which].output = [...new Float32Array(memory.buffer, run.bench_output(), 4)];
  }
  return results;
}

/** A function that runs network `which` once on `threads` threads; its `end` ends the threads. */
export async function prepare(build, which, threads) {
  const name = `/engine${build === "relaxed" ? "-relaxed" : ""}${threads > 1 ? "-threads" : ""}.wasm`;
  const bytes = await (await fetch(name)).arrayBuffer();
  const memory = new WebAssembly.Memory(
    threads > 1 ? { initial: 4096, maximum: 4096, shared: true } : { initial: 4096 },
  );
  const run = await instance(bytes, memory, 0);
  run.bench_prepare(HEAP, which, threads);
  const count = run.bench_steps();
  const workers = [];
  for (let thread = 1; thread < threads; thread++) {
    const worker = new Worker("/worker.js", { type: "module" });
    worker.postMessage({ bytes, memory, thread, threads, count });
    await new Promise((resolve) => (worker.onmessage = resolve));
    workers.push(worker);
  }
  const once = () => run.bench_run(0, count, 0, threads);
  once.end = () => workers.forEach((worker) => worker.terminate());
  return once;
}

/** In a worker: takes part in all following runs. */
export async function takePart({ bytes, memory, thread, threads, count }, ready) {
  const run = await instance(bytes, memory, thread);
  ready();
  for (;;) run.bench_run(0, count, thread, threads);
}
