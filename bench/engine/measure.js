// Times the networks of networks.c on one thread: minima over `rounds`, in ms, whole and by step.
export async function measure(bytes, { rounds = 40, networks = [0, 1, 2], steps = false } = {}) {
  const memory = new WebAssembly.Memory({ initial: 4096 });
  const started = performance.now();
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  const startup = performance.now() - started;
  const run = instance.exports;
  const results = { startup };
  for (const which of networks) {
    run.bench_prepare(2 ** 20, which, 1);
    const count = run.bench_steps();
    const least = new Array(count).fill(Infinity);
    let whole = Infinity;
    for (let round = 0; round < rounds; round++) {
      const before = performance.now();
      run.bench_run(0, count, 0, 1);
      whole = Math.min(whole, performance.now() - before);
    }
    for (let round = 0; steps && round < rounds; round++) {
      for (let i = 0; i < count; i++) {
        const before = performance.now();
        run.bench_run(i, i + 1, 0, 1);
        least[i] = Math.min(least[i], performance.now() - before);
      }
    }
    const output = [...new Float32Array(memory.buffer, run.bench_output(), 4)];
    results[which] = { whole, ...(steps ? { least } : {}), output };
  }
  return results;
}
