/** A page's code against the built torch2web.d.ts: it must compile as it is, and each marked line must not. */
import {
  DecodeError,
  IntegrityError,
  listModels,
  loadEnsemble,
  loadModel,
  similarity,
} from "./torch2web.js";
import type {
  BackendReport,
  EmbeddingPrediction,
  LabelProbability,
  LoadOptions,
  Model,
  ModelSummary,
  Prediction,
  RegressionPrediction,
} from "./torch2web.js";

const model: Model = await loadModel("mobilenet_emotion", {
  baseURL: new URL("https://example.org/site/"),
  backends: ["wasm"],
  threads: 2,
  signal: AbortSignal.timeout(60_000),
  onProgress: ({ loaded, total, file }) => console.log(file, loaded / total),
});
const sources = [
  new Blob(),
  new ImageData(1, 1),
  document.createElement("canvas"),
];
const predictions: Prediction[] = await model.predictBatch(sources);
const { label, confidence, probabilities, logits, timings } =
  await model.predict(document.createElement("img"));
const all: [string, number, number[], Float32Array, number] = [
  label,
  confidence,
  probabilities,
  logits,
  timings.run,
];
const tensor: Float32Array = await model.preprocess(new OffscreenCanvas(2, 2));
const again: Float32Array = await model.run(tensor);
const report: BackendReport = model.backend;
const labels: string[] = model.info.labels;
const ensemble = await loadEnsemble(["a", "b"], { weights: [1, 2] });
try {
  await ensemble.predict(new Blob());
} catch (error) {
  if (error instanceof IntegrityError)
    console.log(error.expected, error.actual, error.url);
  if (error instanceof DecodeError) throw error;
}
const age: Model<RegressionPrediction> = await loadModel("age", {
  task: "regression",
});
const { values } = await age.predict(new Blob());
const face: Model<EmbeddingPrediction> = await loadModel("face", {
  task: "embedding",
});
const cosine: number = similarity(
  await face.embed(new Blob(), { normalize: true }),
  (await face.predict(new Blob())).embedding,
);
const best: string | undefined = (
  await model.predict(new Blob(), { topK: 3, allow: ["a", 1], threshold: 0.1 })
).top?.[0]?.label;
const options: LoadOptions = { worker: false };
const classifier: Model = await loadModel("mobilenet_emotion", options);
console.log(values[0]?.unit, cosine, best, classifier);
await model.dispose();
console.log(all, again, report, labels, predictions);

const summaries: ModelSummary[] = await listModels("https://example.org/", {
  integrity: "sha256-…",
});
const listed: [string, number][] = summaries.map(({ title, bytes }) => [
  title,
  bytes,
]);
const pinned: Model = await loadModel("mobilenet_emotion", {
  integrity: pinnedBy(model),
  worker: "/torch2web-worker.js",
  onProgress: ({ overall: { fraction } }) => console.log(100 * fraction),
});
const top: LabelProbability[] = (await pinned.predict("face.jpg")).top;
const scores: number[] = top.map(({ score }) => score);
const video = document.createElement("video");
pinned.watch(video, ({ label }: Prediction) => console.log(label)).stop();
const watched = pinned.watch(video, { maxRate: 5 });
for await (const { confidence } of watched) {
  if (confidence > 0.9) watched.stop();
}
// The memory of an own array can be moved.
const moved: ArrayBuffer = (await face.embed(new Blob())).buffer as ArrayBuffer;
console.log(listed, scores, moved);

function pinnedBy({ info }: Model): string | undefined {
  return info.manifest.pinned ? info.manifest.integrity : undefined;
}

// @ts-expect-error: a name is needed
await loadModel();
// @ts-expect-error: no such option
await loadModel("mobilenet_emotion", { thread: 2 });
// @ts-expect-error: no such backend
await loadModel("mobilenet_emotion", { backends: ["cuda"] });
await model.predict("face.jpg");
// @ts-expect-error: a regression has no label
console.log((await age.predict(new Blob())).label);
// @ts-expect-error: no such task
await loadModel("mobilenet_emotion", { task: "detection" });
// @ts-expect-error: a number is no picture
await model.predict(5);
// @ts-expect-error: read only
model.info = model.info;
