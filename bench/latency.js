/**
 * The page's part of the latency bench: `open` prepares the candidates, `takeTurns` runs them in turn.
 * `<html data-ready>`: this module has run.
 */
import { loadModel } from "/torch2web.js";

const SHAPE = [1, 3, 224, 224];

/** Runs of each candidate in one turn, after one to warm the caches. */
const RUNS = 3;

/** Milliseconds after which the spinning threads of the previous candidate are asleep. */
const PAUSE = 30;

/** By name: a function that runs a candidate once and returns its output, or the timings of a prediction. */
const sides = new Map();

/** `rivals`: their scripts. Returns the logits of candidates without a self-check, and reasons for missing ones. */
async function open(name, threads, rivals) {
  const logits = {};
  const missing = {};
  const input = new Float32Array(
    await (await fetch("/bench/input.bin")).arrayBuffer(),
  );

  const direct = await openDirect(name, threads, input);
  logits.direct = [...(await direct())];
  sides.set("direct", direct);

  const [, depth, height, width] = SHAPE;
  const pixels = channelsLast(input, depth);
  for (const rival of rivals) {
    if (rival === "tfjs" && threads > 1) continue; // see tfjs.js
    const { loadNetwork } = await import(`/bench/${rival}.js`);
    const predict = await loadNetwork("/bench/", name, threads);
    const run = () => predict(pixels, [1, height, width, depth]);
    logits[rival] = [...(await run())];
    sides.set(rival, run);
  }

  const frame = cameraFrame(1280, 720);
  for (const backend of ["wasm", "compiled"]) {
    let model;
    try {
      model = await loadModel(name, { backends: [backend], threads });
    } catch (error) {
      if (error.name !== "BackendError") throw error;
      missing[backend] = error.message;
      continue;
    }
    if (!model.worker.used) throw new Error(model.worker.reason);
    if (model.backend.threads !== threads) {
      missing[backend] = JSON.stringify(model.backend.rejected);
      continue;
    }
    sides.set(backend, () => model.run(input));
    sides.set(`${backend} frame`, () => model.predict(frame));
  }
  if (threads === 1) {
    // In the page, like onnxruntime-web.
    const options = { backends: ["compiled"], threads, worker: false };
    try {
      const model = await loadModel(name, options);
      sides.set("compiled here", () => model.run(input));
    } catch (error) {
      if (error.name !== "BackendError") throw error;
      missing["compiled here"] = error.message;
    }
  }
  return { logits, missing };
}

/** onnxruntime-web as a page calls it by hand, with the whole model. */
async function openDirect(name, threads, input) {
  const info = await (await fetch("/models/model_info.json")).json();
  const { api, glue, wasm } = info.runtime.files;
  const url = (path) => new URL(`/${path}`, location.href).href;
  const bytesOf = async (path) => (await fetch(url(path))).arrayBuffer();
  const ort = await import(url(api.path));
  Object.assign(ort.env.wasm, {
    wasmBinary: await bytesOf(wasm.parts[0].path),
    wasmPaths: { mjs: url(glue.path), wasm: url(wasm.parts[0].path) },
    numThreads: threads,
  });
  const { plain } = info.models.find((entry) => entry.name === name);
  const session = await ort.InferenceSession.create(
    new Uint8Array(await bytesOf(plain.path)),
    { executionProviders: ["wasm"] },
  );
  return async () => {
    const tensor = new ort.Tensor("float32", input, SHAPE);
    return (await session.run({ input: tensor })).output.data;
  };
}

/** The same tensor with channels last. */
function channelsLast(planes, depth) {
  const size = planes.length / depth;
  return planes.map(
    (_, i) => planes[(i % depth) * size + Math.floor(i / depth)],
  );
}

/** A frame in the format of most cameras. */
function cameraFrame(width, height) {
  const data = new Uint8Array((width * height * 3) / 2);
  data.forEach((_, i) => (data[i] = (i * 2654435761) >>> 24));
  return new VideoFrame(data, {
    format: "I420",
    codedWidth: width,
    codedHeight: height,
    timestamp: 0,
  });
}

/** Milliseconds of each run by candidate; candidate number `first` starts. */
async function takeTurns(first) {
  const names = [...sides.keys()];
  const found = {};
  for (let i = 0; i < names.length; i++) {
    const name = names[(i + first) % names.length];
    const side = sides.get(name);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    await side();
    found[name] = [];
    for (let run = 0; run < RUNS; run++) {
      const started = performance.now();
      const { timings } = await side();
      const total = performance.now() - started;
      found[name].push({ ...timings, total });
    }
  }
  return found;
}

window.latency = { open, takeTurns };
document.documentElement.dataset.ready = "";
