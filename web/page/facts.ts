/** What was checked for an answer, as plain facts. */
import type { AnyPrediction } from "../loader/torch2web.ts";
import { element } from "./element.ts";
import { count } from "./format.ts";
import type { PageModel } from "./choice.ts";

export function showFacts(model: PageModel, prediction: AnyPrediction): void {
  const { fromCache, downloaded, kept, reason } = model.info.cache;
  const { total, run } = prediction.timings;
  const milliseconds = `${Math.round(total)} ms`;
  const facts = {
    time: `${milliseconds} from the picture to the answer, ${Math.round(run)} ms of them in the network`,
    backend: `On this device, by ${model.backend.description}`,
    verified: `${count(fromCache + downloaded)} bytes, each as it was built${downloaded ? "" : ", from this device's cache"}${kept ? "" : `; not kept here: ${reason}`}`,
    selfcheck: `On a test picture at most ${model.backend.selfCheck.maxAbsDiff.toFixed(7)} from PyTorch's, on this device`,
    inexact: prediction.inexact,
    status: `Answered on this device in ${milliseconds}`,
    "facts-title": "Checked: files and numbers",
  };
  for (const [id, text] of Object.entries(facts)) element(id).textContent = text;
  element("exactness").hidden = !prediction.inexact;
  element("facts-list").hidden = false;
  element("facts-before").hidden = true;
}

export function clearFacts(): void {
  element("facts-title").textContent = "What is checked";
  element("facts-list").hidden = true;
  element("facts-before").hidden = false;
  element("exactness").hidden = true;
}
