/** What was checked for an answer, as plain facts. */
import type { AnyPrediction } from "../loader/torch2web.ts";
import { element } from "./element.ts";
import { count } from "./format.ts";
import { t } from "./texts.ts";
import type { PageModel } from "./choice.ts";

export function showFacts(model: PageModel, prediction: AnyPrediction): void {
  const { fromCache, downloaded, kept, reason } = model.info.cache;
  const { total, run } = prediction.timings;
  const milliseconds = `${Math.round(total)} ms`;
  const facts = {
    time: t(
      "{0} from the picture to the answer, {1} of them in the network",
      milliseconds,
      `${Math.round(run)} ms`,
    ),
    backend: t("On this device, by {0}", model.backend.description),
    verified:
      t("{0} bytes, each as it was built", count(fromCache + downloaded)) +
      (downloaded ? "" : t(", from this device's cache")) +
      (kept ? "" : t("; not kept here: {0}", reason)),
    selfcheck: t(
      "On a test picture at most {0} from PyTorch's, on this device",
      model.backend.selfCheck.maxAbsDiff.toFixed(7),
    ),
    inexact: prediction.inexact,
    status: t("Answered on this device in {0}", milliseconds),
    "facts-title": t("Checked: files and numbers"),
  };
  for (const [id, text] of Object.entries(facts)) element(id).textContent = text;
  element("exactness").hidden = !prediction.inexact;
  element("facts-list").hidden = false;
  element("facts-before").hidden = true;
}

export function clearFacts(): void {
  element("facts-title").textContent = t("What is checked");
  element("facts-list").hidden = true;
  element("facts-before").hidden = false;
  element("exactness").hidden = true;
}
