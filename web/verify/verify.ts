/** verify.html: tests in Python check what the loader computes in the visitor's browser. */
import { listModels, loadModel } from "../loader/torch2web.ts";
import { registerHarness, type Answers, type TestResult } from "./harness.ts";
import { outcomeOf, postOutcome, type Facts } from "./outcome.ts";
import { startPython, type Listing } from "./python.ts";
import * as view from "./view.ts";

const base = new URL("./", import.meta.url);
const options = new URLSearchParams(location.search);
const listing = JSON.parse(document.getElementById("listing")!.textContent) as Listing;

async function verify(): Promise<void> {
  const started = new Date();
  const results: TestResult[] = [];
  let expected: string[] = [];
  let answers: Answers = { models: new Map(), logits: new Map() };
  let facts: Facts = { manifest_sha256: "", logits: {} };
  let version = "";
  let junit = "";
  let problem = "";
  view.showRunning();
  try {
    // Before Python, so that the outcome names the build even if Python does not start.
    facts = await fetchFacts();
    const python = await startPython(base, listing, { started: view.showStep });
    const release = String(python.runPython("import sys; sys.version.split()[0]"));
    version = `${release}, Pyodide ${python.version}`;
    answers = registerHarness(
      python,
      base,
      { loadModel, listModels },
      {
        collected(names) {
          expected = names;
          view.showTests(names);
        },
        report(result) {
          results.push(result);
          view.showResult(result);
        },
        onProgress: view.showProgress,
      },
      { everyVariant: options.get("variants") === "all" },
    );
    view.showStep("Checking");
    junit = String(await python.runPythonAsync("from in_page.run import run\nawait run()"));
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  const outcome = await outcomeOf({ started, results, expected, answers, version, facts, problem });
  const notSent = await postOutcome(base, outcome).catch(String);
  view.showVerdict(outcome, { problem, junit, notSent: notSent ?? "" });
}

async function fetchFacts(): Promise<Facts> {
  const path = "verify/python/facts.json";
  const integrity = listing[path] ?? "";
  const response = await fetch(new URL(path, base), { integrity });
  if (!response.ok) throw new Error(`${response.url}: HTTP status ${response.status}`);
  return (await response.json()) as Facts;
}

document.getElementById("start")!.addEventListener("click", () => void verify());
document.getElementById("unstarted")!.remove();
document.documentElement.dataset["ready"] = "";
if (options.has("run") || options.has("post")) void verify();
