/** A page's code against the built torch2web-element.d.ts: it must compile as it is, and the marked line must not. */
import type {
  ImageClassifierElement,
  PredictionDetail,
} from "./torch2web-element.js";

const element: ImageClassifierElement =
  document.querySelector("image-classifier")!;

element.addEventListener("prediction", ({ detail }) => {
  const { prediction, source }: PredictionDetail = detail;
  console.log(prediction.top[0]?.label.length, source);
});
element.addEventListener("progress", ({ detail }) =>
  console.log(detail.overall.fraction.toFixed(1)),
);
element.addEventListener("doubtful", ({ detail }) =>
  console.log(detail.model.length, detail.count + detail.since),
);
element.addEventListener("error", ({ detail }) => console.log(detail.error));
element.addEventListener("click", (event) => event.preventDefault());

export const loaded: Promise<string> = element
  .load()
  .then((model) => model.variant);

// @ts-expect-error: pictures are files or addresses
void element.predict(7);
