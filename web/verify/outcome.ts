/** What a device found, as it is sent to `python build.py serve --parity` and to nobody else. */
import type { Answers, TestResult } from "./harness.ts";

export interface Outcome {
  schema_version: 1;
  manifest_sha256: string;
  user_agent: string;
  /** Version of Python and of Pyodide; empty where it did not start. */
  python: string;
  started: string;
  seconds: number;
  /** `incomplete` where not every test ran. */
  verdict: "passed" | "failed" | "incomplete";
  /** Why not every test ran; empty where every one did. */
  problem: string;
  tests: TestResult[];
  /** `max_abs_diff` is the largest difference of a logit to PyTorch's; null where there is no such number. */
  models: { name: string; backend: string; max_abs_diff: number | null }[];
}

/** Characters of a message that are sent: of hundreds of failures, too, not more than the server takes. */
const MESSAGE_LENGTH = 4000;

/** What of `verify/python/facts.json` is needed here. */
export interface Facts {
  manifest_sha256: string;
  /** PyTorch's, by model and picture. */
  logits: Record<string, Record<string, number[]>>;
}

export interface Run {
  started: Date;
  results: TestResult[];
  /** Names of the tests that should have run. */
  expected: string[];
  answers: Answers;
  version: string;
  facts: Facts;
  /** Why the tests could not run; empty where they could. */
  problem: string;
}

export async function outcomeOf(run: Run): Promise<Outcome> {
  const models = [];
  for (const [name, promise] of run.answers.models) {
    const model = await promise.catch(() => undefined);
    if (!model) continue;
    const max_abs_diff = largestDifference(run.answers.logits.get(name)!, run.facts.logits[name]!);
    models.push({ name, backend: model.backend.description, max_abs_diff });
  }
  return {
    schema_version: 1,
    manifest_sha256: run.facts.manifest_sha256,
    user_agent: navigator.userAgent,
    python: run.version,
    started: run.started.toISOString(),
    seconds: (Date.now() - run.started.getTime()) / 1000,
    verdict: verdictOf(run),
    problem: run.problem,
    tests: run.results.map((result) => ({ ...result, message: lastOf(result.message) })),
    models,
  };
}

function largestDifference(
  found: ReadonlyMap<string, Float32Array>,
  expected: Readonly<Record<string, number[]>>,
): number | null {
  const differences = [...found].flatMap(([picture, logits]) =>
    expected[picture]!.map((value, i) => Math.abs(value - logits[i]!)),
  );
  const largest = Math.max(...differences);
  // Of nothing it is -Infinity, and of scores that are no numbers NaN; JSON has neither.
  return Number.isFinite(largest) ? largest : null;
}

/** The end of a message, where pytest says what was found. */
function lastOf(message: string): string {
  return message.length > MESSAGE_LENGTH ? `… ${message.slice(-MESSAGE_LENGTH)}` : message;
}

function verdictOf({ results, expected, problem }: Run): Outcome["verdict"] {
  if (results.some(({ outcome }) => outcome === "failed")) return "failed";
  const ended = new Set(results.map(({ name }) => name));
  const passed = results.some(({ outcome }) => outcome === "passed");
  const whole = !problem && passed && expected.every((name) => ended.has(name));
  return whole ? "passed" : "incomplete";
}

/** Sends `outcome` back to the server that asked for it by `?post=…` in the page's address; else nowhere. */
export async function postOutcome(base: URL, outcome: Outcome): Promise<void> {
  const token = new URLSearchParams(location.search).get("post");
  if (token === null) return;
  const url = new URL("outcome", base);
  url.searchParams.set("token", token);
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(outcome),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
}
