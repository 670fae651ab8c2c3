/**
 * `node predict.mjs CASES`: predicts with the npm package in Node. CASES is JSON: `site` (a path), `url` (where it is
 * served), `png`, `raw` (pixels of the same picture, RGB). Prints one line of JSON.
 */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { loadEnsemble, loadModel } from "torch2web";

const { site, url, png, raw } = JSON.parse(readFileSync(process.argv[2], "utf-8"));
const pixels = { ...raw, data: Uint8Array.from(raw.data) };
const { data, ...info } = pixels;
const grey = { data: new Uint8Array(64).fill(100), width: 8, height: 8 };
const file = await readFile(png);
const SOURCES = {
  raw: pixels,
  sharp: { data, info },
  path: png,
  url: pathToFileURL(png),
  buffer: file,
  arrayBuffer: file.buffer.slice(file.byteOffset, file.byteOffset + file.length),
  blob: new Blob([file]),
};

const variant = "fp32"; // the default one has rounded weights
const logits = {};
for (const baseURL of [site, pathToFileURL(`${site}/`).href, url]) {
  const model = await loadModel("one", { baseURL, variant });
  logits[`raw ${baseURL}`] = [...(await model.predict(pixels)).logits];
  await model.dispose();
}
const model = await loadModel("one", { baseURL: site, variant });
for (const [kind, source] of Object.entries(SOURCES)) {
  logits[kind] = [...(await model.predict(source)).logits];
}
const threaded = await loadModel("one", { baseURL: site, variant, threads: 2 }); // nor does it keep Node running
logits.threads = [...(await threaded.predict(pixels)).logits];
const batch = await model.predictBatch(Object.values(SOURCES));
const tensor = await model.preprocess(pixels);
const ensemble = await loadEnsemble(["one", "two"], { baseURL: site, variant });
console.log(
  JSON.stringify({
    logits,
    batch: batch.map((prediction) => [...prediction.logits]),
    run: [...(await model.run(tensor))],
    tensor: [...tensor],
    grey: (await model.predict(grey)).decodedBy,
    ensemble: (await ensemble.predict(pixels)).probabilities,
    threads: [model.backend.threads, threaded.backend.threads],
    worker: model.worker.used,
    backend: model.backend.name,
  }),
);
