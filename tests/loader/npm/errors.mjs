/** `node errors.mjs SITE UNPLANNED JPEG INTEGRITY`: errors of the npm package in Node, by name, as one line of JSON. */
import { loadModel, similarity } from "torch2web";

const [site, unplanned, jpeg, integrity] = process.argv.slice(2);
const model = await loadModel("one", { baseURL: site, integrity });
const canvas = Object.assign(new (class HTMLCanvasElement {})(), { width: 9, height: 9 });
const old = Object.create(process, { versions: { value: { node: "20.11.1" } } });

async function inOldNode() {
  const { process } = globalThis;
  try {
    globalThis.process = old;
    return await loadModel("one", { baseURL: site });
  } finally {
    globalThis.process = process;
  }
}

const FAILS = {
  "no baseURL": () => loadModel("one"),
  "no such site": () => loadModel("one", { baseURL: `${site}/nowhere` }),
  "no such model": () => loadModel("three", { baseURL: site }),
  "no plan": () => loadModel("one", { baseURL: unplanned }),
  "another manifest": () => loadModel("one", { baseURL: unplanned, integrity }),
  "another backend": () => loadModel("one", { baseURL: site, backends: ["wasm"] }),
  threads: () => loadModel("one", { baseURL: site, threads: 1.5 }),
  "old Node": inOldNode,
  "jpeg without sharp": () => model.predict(jpeg),
  "no file": () => model.predict("nowhere.png"),
  "wrong size": () => model.predict({ data: new Uint8Array(7), width: 2, height: 2 }),
  canvas: () => model.predict(canvas),
  nothing: () => model.predict(undefined),
  batch: () => model.predictBatch(7),
  video: async () => model.watch(canvas, () => {}),
  text: () => model.predict(import.meta.filename),
};

const found = {};
for (const [name, fail] of Object.entries(FAILS)) {
  found[name] = await fail().then(
    () => "no error",
    ({ name, message }) => `${name}: ${message}`,
  );
}
console.log(JSON.stringify({ found, similarity: similarity([1, 0], [1, 0]) }));
