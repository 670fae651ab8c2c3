/** The page's elements. */
import type { AnyPrediction, Model, OverallProgress, Task } from "../loader/torch2web.ts";
import { element } from "./element.ts";
import * as answer from "./answer.ts";
import type { Answer, Choice } from "./session.ts";
import { clearClasses } from "./classes.ts";

const app = element("app");
const preview = element("preview") as HTMLImageElement;
const fileInput = element("file") as HTMLInputElement;
const progress = element("progress") as HTMLProgressElement;

export const samples = [...document.querySelectorAll<HTMLButtonElement>(".sample")];

export interface Handlers {
  model: () => void;
  sample: (button: HTMLButtonElement) => void;
  file: (file: File | null | undefined) => void;
}

export function onInput(handlers: Handlers): void {
  for (const radio of document.querySelectorAll<HTMLInputElement>("input[name=model]")) {
    radio.addEventListener("change", handlers.model);
  }
  for (const button of samples) button.addEventListener("click", () => handlers.sample(button));
  fileInput.addEventListener("change", () => {
    handlers.file(fileInput.files?.[0]);
    fileInput.value = ""; // the same file can be chosen again
  });
  document.addEventListener("paste", (event) => handlers.file(event.clipboardData?.files[0]));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    app.classList.add("dragging");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) app.classList.remove("dragging");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    app.classList.remove("dragging");
    handlers.file(event.dataTransfer?.files[0]);
  });
  for (const button of document.querySelectorAll<HTMLButtonElement>(".copy")) {
    const snippet = button.nextElementSibling!;
    button.addEventListener("click", () => {
      navigator.clipboard.writeText(snippet.textContent).then(
        () => (button.textContent = "Copied"),
        () => getSelection()?.selectAllChildren(snippet),
      );
    });
  }
}

/** Removes the line that says what to do about a page that does not start. */
export function showStarted(): void {
  element("unstarted").remove();
}

/** `working`, `ready` or `error`. */
function setState(state: string): void {
  app.dataset["state"] = state;
  element("problem").hidden = state !== "error";
}

/** Clears the earlier answer. */
export function showWorking(): void {
  clearAnswer();
  setState("working");
}

function clearAnswer(): void {
  element("label").textContent = "–";
  element("confidence").textContent = "";
  clearClasses();
  answer.clearComparison();
  element("facts").hidden = true;
}

export const choices: readonly Choice[] = [
  ...document.querySelectorAll<HTMLInputElement>("input[name=model]"),
].map(({ value, dataset }) => ({
  name: value,
  title: dataset["title"]!,
  task: (dataset["task"] ?? "classification") as Task,
  bytes: Number(dataset["bytes"]),
}));

export function chosenModel(): Choice {
  const { value } = document.querySelector<HTMLInputElement>("input[name=model]:checked")!;
  return choices.find(({ name }) => name === value)!;
}

export function markSample(chosen: HTMLButtonElement | undefined): void {
  for (const button of samples) button.setAttribute("aria-pressed", String(button === chosen));
}

export function showImage(blob: Blob): void {
  URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(blob);
  preview.alt = blob instanceof File ? blob.name : "The chosen picture";
  preview.hidden = false;
  element("hint").hidden = true;
}

export function showAnswer({ model, prediction, image }: Answer): void {
  answer.showAnswer(model.info, prediction, image);
  showFacts(model, prediction);
  setState("ready");
}

/** A prediction of a camera's frame. */
export function showLive(model: Model<AnyPrediction>, prediction: AnyPrediction): void {
  answer.showAnswer(model.info, prediction, undefined);
  showFacts(model, prediction);
  setState("ready");
}

function showFacts(model: Model<AnyPrediction>, prediction: AnyPrediction): void {
  const { fromCache, downloaded } = model.info.cache;
  const facts = {
    time: `${Math.round(prediction.timings.total)} ms (inference ${Math.round(prediction.timings.run)} ms)`,
    backend: model.backend.description,
    verified: `all ${(fromCache + downloaded).toLocaleString("en")} bytes checked${downloaded ? "" : ", from this device's cache"}`,
    inexact: prediction.inexact,
    selfcheck: `within ${model.backend.selfCheck.maxAbsDiff.toFixed(7)} of Python's numbers on this device`,
  };
  for (const [id, text] of Object.entries(facts)) element(id).textContent = text;
  element("exactness").parentElement!.hidden = !facts.inexact;
  element("facts").hidden = false;
}

export function showProgress({ loaded, total }: OverallProgress): void {
  progress.value = total ? loaded / total : 0;
  element("progress-text").textContent =
    loaded < total
      ? `Downloading and checking: ${megabytes(loaded)} of ${megabytes(total)} MB`
      : "Starting the network …";
  element("loading").hidden = false;
}

export function hideProgress(): void {
  element("loading").hidden = true;
}

export function showProblem(summary: string, detail: string): void {
  const lines = [summary, detail].map((text) => {
    const line = document.createElement("p");
    line.textContent = text;
    return line;
  });
  element("problem").replaceChildren(...lines);
  clearAnswer();
  setState("error");
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
