/** What the answer's place shows while there is no answer: work, a question, a problem. */
import type { OverallProgress } from "../loader/torch2web.ts";
import { clearComparison } from "./answer.ts";
import { clearClasses } from "./classes.ts";
import { element } from "./element.ts";
import type { Problem } from "./explain.ts";
import { clearFacts } from "./facts.ts";
import { megabytes } from "./format.ts";
import { t } from "./texts.ts";
import type { Choice } from "./choice.ts";

/** Milliseconds in which an earlier answer, dimmed, may stay: most answers are there before. */
const QUICK = 200;

const app = element("app");
const progress = element("progress") as HTMLProgressElement;

let clearing: ReturnType<typeof setTimeout> | undefined;
let retry: (() => void) | undefined;
/** Whether a download waits for a yes: whatever else is chosen, it goes on asking. */
let isAsking = false;

type State = "idle" | "working" | "asking" | "ready" | "error";

function setState(state: State): void {
  clearTimeout(clearing);
  app.dataset["state"] = state;
  element("problem").hidden = state !== "error";
  element("asking").hidden = state !== "asking";
  if (state !== "asking") element("outcome").classList.remove("is-asking");
  if (state !== "error") retry = undefined;
}

/** Words in place of an answer that nobody waits for. */
export function showIdle(label: string, status: string): void {
  setState("idle");
  clearAnswer(label, status);
}

export function showReady(): void {
  setState("ready");
}

export function showWorking(): void {
  setState(isAsking ? "asking" : "working");
  if (isAsking) return;
  clearing = setTimeout(() => clearAnswer(t("Looking …"), ""), QUICK);
}

/** Shows the progress of a download; the page stays usable meanwhile. */
export function showProgress({ loaded, total }: OverallProgress): void {
  progress.value = total ? loaded / total : 0;
  progress.classList.add("running");
  if (app.dataset["state"] !== "working") return;
  clearTimeout(clearing);
  if (loaded < total) {
    clearAnswer(
      t("Getting ready …"),
      t("Downloading: {0} of {1} MB", megabytes(loaded), megabytes(total)),
    );
  } else clearAnswer(t("Getting ready …"), t("Starting the network"));
}

export function hideProgress(): void {
  progress.classList.remove("running");
}

/** Asks before a large download; resolves on a yes, and never on a no, which is another choice. */
export function askToDownload(
  { title, bytes }: Choice,
  back: { title: string; choose: () => void } | undefined,
  signal: AbortSignal,
): Promise<void> {
  isAsking = true;
  setState("asking");
  const asking = element("asking");
  // Where the visitor looks: beside the list, or in place of the first answer.
  (back ? element("networks") : element("outcome")).append(asking);
  element("outcome").classList.toggle("is-asking", !back);
  element("asking-text").textContent = t(
    "{0} is a download of {1} MB. This device keeps it.",
    title,
    megabytes(bytes),
  );
  clearAnswer(
    back ? t("Not downloaded yet") : t("Ready for your picture"),
    back ? t("The button is in the list of networks") : t("It answers after one download"),
  );
  const [yes, no] = [element("download"), element("back")];
  yes.textContent = t("Download and answer");
  no.textContent = t("Back to {0}", back?.title ?? "");
  no.hidden = !back;
  return new Promise((resolve, reject) => {
    const end = (): void => {
      isAsking = false;
      if (app.dataset["state"] === "asking") showWorking();
    };
    yes.onclick = () => {
      end();
      resolve();
    };
    no.onclick = () => back?.choose();
    signal.addEventListener("abort", () => {
      end();
      reject(signal.reason);
    });
  });
}

/** `again` tries what failed once more. */
export function showProblem(problem: Problem, again: () => void): void {
  clearAnswer(t("No answer"), "");
  element("problem-title").textContent = problem.title;
  element("problem-advice").textContent = problem.advice;
  element("problem-detail").textContent = problem.detail;
  element("retry").hidden = problem.remedy !== "retry";
  element("reload").hidden = problem.remedy !== "reload";
  setState("error");
  if (problem.remedy === "retry") retry = again;
}

function clearAnswer(label: string, status: string): void {
  element("label").textContent = label;
  element("label").removeAttribute("lang");
  element("confidence").textContent = "";
  element("status").textContent = status;
  clearClasses();
  clearComparison();
  clearFacts();
}

element("retry").addEventListener("click", () => retry?.());
element("reload").addEventListener("click", () => location.reload());
addEventListener("online", () => retry?.());
