/** The outcome of a device, which is sent to `serve --parity` if that opened the page, and to nobody else. */
import type { Answers, TestResult } from "./harness.ts";

export interface Outcome {
  schema_version: 1;
  manifest_sha256: string;
  user_agent: string;
  /** Versions of Python and Pyodide; empty if it did not start. */
  python: string;
  started: string;
  seconds: number;
  /** `incomplete` if not every test ran. */
  verdict: "passed" | "failed" | "incomplete";
  /** Why not every test ran; empty if all did. */
  problem: string;
  tests: TestResult[];
  /** `max_abs_diff`: largest absolute difference of a logit from PyTorch's; null without a finite one. */
  models: { name: string; backend: string; max_abs_diff: number | null }[];
}

/** Characters of a message that are sent, so that hundreds of failures stay below the server's limit. */
const MESSAGE_LENGTH = 4000;

/** The part of `verify/python/facts.json` that is needed here. */
export interface Facts {
  manifest_sha256: string;
  /** PyTorch's, by model and image. */
  logits: Record<string, Record<string, number[]>>;
}

export interface Run {
  started: Date;
  results: TestResult[];
  /** Names of the collected tests. */
  expected: string[];
  answers: Answers;
  version: string;
  facts: Facts;
  /** Why the tests could not run; empty if they could. */
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
    tests: run.results.map((result) => ({ ...result, message: endOf(result.message) })),
    models,
  };
}

function largestDifference(
  found: ReadonlyMap<string, Float32Array>,
  expected: Readonly<Record<string, number[]>>,
): number | null {
  const differences = [...found].flatMap(([image, logits]) =>
    expected[image]!.map((value, i) => Math.abs(value - logits[i]!)),
  );
  const largest = Math.max(...differences);
  // -Infinity without logits, or NaN, which JSON cannot represent.
  return Number.isFinite(largest) ? largest : null;
}

/** The end of a message, where pytest states the finding. */
function endOf(message: string): string {
  return message.length > MESSAGE_LENGTH ? `… ${message.slice(-MESSAGE_LENGTH)}` : message;
}

function verdictOf({ results, expected, problem }: Run): Outcome["verdict"] {
  if (results.some(({ outcome }) => outcome === "failed")) return "failed";
  const ended = new Set(results.map(({ name }) => name));
  const passed = results.some(({ outcome }) => outcome === "passed");
  const whole = !problem && passed && expected.every((name) => ended.has(name));
  return whole ? "passed" : "incomplete";
}

/** Sends `outcome` to the server if the page's URL has its token in `?post=…`. */
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
