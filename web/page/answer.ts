/** An answer in words, for each task. */
import { similarity } from "../loader/torch2web.ts";
import type {
  AnyPrediction,
  EmbeddingPrediction,
  LoadedModelInfo,
  NamedValue,
  Prediction,
} from "../loader/torch2web.ts";
import { showClasses, showNumbers } from "./classes.ts";
import { element } from "./element.ts";
import { percent } from "./format.ts";
import { t } from "./texts.ts";

/** The picture that others are compared with. */
interface Reference {
  image: Blob;
  model: string;
  embedding: Float32Array;
}

let reference: Reference | undefined;
let isLive = false;
/** The last picture with an embedding. */
let current: Reference | undefined;

/** Shows a prediction of `image`; undefined for a camera's frame, with which an embedding is compared without keeping it. */
export function showAnswer(
  info: LoadedModelInfo,
  prediction: AnyPrediction,
  image: Blob | undefined,
): void {
  isLive = !image;
  clearComparison();
  if ("values" in prediction) showValues(prediction.values);
  else if ("embedding" in prediction) showSimilarity(info, prediction, image);
  else showLabels(info, prediction);
}

function showLabels({ labels, task }: LoadedModelInfo, prediction: Prediction): void {
  const { label, confidence, probabilities, labels: applying } = prediction;
  if (!applying) {
    say(label, t("{0} sure", percent(confidence)), true);
    const answered = labels.findIndex((one, i) => one === label && probabilities[i] === confidence);
    showClasses(labels, probabilities, new Set([answered]));
    return;
  }
  const found = applying.map((one) => one.label).join(", ");
  say(found || t("None of them"), found ? "" : t("of {0}", labels.length), found !== "");
  const answered = new Set(applying.map(({ index }) => index));
  showClasses(labels, probabilities, answered, task?.thresholds);
  element("independent").hidden = false;
}

function showValues(values: readonly NamedValue[]): void {
  const numbers = values.map(({ name, value, unit }) => ({
    name,
    text: `${value.toLocaleString("en", { maximumSignificantDigits: 4 })} ${unit}`.trim(),
  }));
  say("", "");
  showNumbers(numbers);
  announce(numbers.map(({ name, text }) => `${name} ${text}`).join(", "));
}

function showSimilarity(
  { name }: LoadedModelInfo,
  { embedding }: EmbeddingPrediction,
  image: Blob | undefined,
): void {
  if (image) current = { image, model: name, embedding };
  showNumbers([]); // it has no classes
  if (reference?.model !== name) {
    if (!image) {
      clearComparison();
      say(t("Take a picture"), t("to compare the camera with"));
      return;
    }
    pin();
  }
  if (reference!.image === image) {
    askForAnother();
    return;
  }
  say(similarity(reference!.embedding, embedding).toFixed(3), t("similarity"));
  element("similarity").hidden = false;
  element("compared").hidden = false;
  element("pin").hidden = !image; // a frame of the camera is not kept
}

/** Makes the current picture the one that others are compared with. */
function pin(): void {
  reference = current;
  const preview = element("reference") as HTMLImageElement;
  URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(reference!.image);
}

element("pin").addEventListener("click", () => {
  pin();
  askForAnother();
});

function askForAnother(): void {
  clearComparison();
  say(t("Choose another picture"), t("to compare with this one"));
}

/** Hides what only some answers have. */
export function clearComparison(): void {
  for (const id of ["compared", "independent", "similarity"]) element(id).hidden = true;
}

/** `isLabel` where the answer is in the language of the catalogue's labels, not of the page. */
function say(answer: string, more: string, isLabel = false): void {
  const label = element("label");
  label.textContent = answer;
  const { lang } = label.dataset;
  if (isLabel && lang) label.lang = lang;
  else label.removeAttribute("lang"); // the page's
  element("confidence").textContent = more;
  announce(`${answer} ${more}`);
}

/** What is read aloud; the camera's code does it for its frames, seldom. */
function announce(text: string): void {
  if (!isLive) element("announcement").textContent = text;
}
