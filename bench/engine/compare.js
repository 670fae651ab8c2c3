// In a page: both builds on one and two threads and, where models are given, onnxruntime-web, round by round.
import { prepare } from "./measure.js";

async function session(ort, name, threads) {
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = {
    mjs: "/ort-wasm-simd-threaded.mjs",
    wasm: "/ort-wasm-simd-threaded.wasm",
  };
  const created = await ort.InferenceSession.create(`/${name}.onnx`, {
    executionProviders: ["wasm"],
  });
  const data = new Float32Array(3 * 224 * 224).map(() => Math.random());
  const feeds = { [created.inputNames[0]]: new ort.Tensor("float32", data, [1, 3, 224, 224]) };
  return () => created.run(feeds);
}

export async function compare(rounds, models) {
  const result = {};
  const ort = models.length ? await import("/ort.wasm.min.mjs") : null;
  for (const network of [0, 1, 2]) {
    const runs = {};
    for (const build of ["relaxed", "plain"]) {
      runs[`${build}, 1 thread`] = await prepare(build, network, 1);
      runs[`${build}, 2 threads`] = await prepare(build, network, 2);
    }
    if (ort) runs["onnxruntime-web, 1 thread"] = await session(ort, models[network], 1);
    const least = Object.fromEntries(Object.keys(runs).map((name) => [name, Infinity]));
    for (let round = 0; round < rounds; round++) {
      for (const [name, run] of Object.entries(runs)) {
        for (let again = 0; again < 3; again++) {
          const before = performance.now();
          await run();
          least[name] = Math.min(least[name], performance.now() - before);
        }
      }
    }
    for (const run of Object.values(runs)) run.end?.();
    result[["MobileNetV2", "EfficientNet-B0", "LandmarkCNN"][network]] = least;
  }
  return result;
}
