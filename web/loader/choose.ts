/**
 * Which backend answers: chosen by what it computes on this device, not by what it claims. Each candidate has to give
 * Python's logits for the golden input before it may; of two that do, the faster one does.
 */
import {
  selfCheck,
  WrongLogits,
  type Backend,
  type BackendName,
  type BackendReport,
  type RejectedBackend,
  type SelfCheck,
} from "./backend.ts";
import { BackendError, Torch2WebError } from "./errors.ts";
import { goldenInput } from "./golden.ts";
import type { Ingredients } from "./ingredients.ts";
import type { ModelInfo, VariantInfo } from "./manifest.ts";
import type { Choice, Memory } from "./remember.ts";

/** One way to run a model. */
export interface Candidate {
  name: BackendName;
  threads: number;
  /** Why it is in its place, for people. */
  reason: string;
  /** Whether it takes the place of the next one only if it is faster. */
  onlyIfFaster: boolean;
  /** Milliseconds in which it has to be there and checked. */
  patience: number;
  create(given: Ingredients): Promise<Backend>;
}

/** A backend that may answer. */
export interface Chosen {
  backend: Backend;
  report: BackendReport;
  /** What else may be tried if it fails later on. */
  others: Candidate[];
}

interface Passed {
  candidate: Candidate;
  backend: Backend;
  check: SelfCheck;
  /** Milliseconds of its fastest run; measured only where it matters. */
  fastest: number;
}

/** Runs of the short trial; the fastest counts. */
const TRIAL_RUNS = 3;

/**
 * The first of `candidates` that passes, or of several that compete the fastest. Raises BackendError where none may
 * answer, whose message says why; errors of downloads and the signal's reason end everything.
 */
export async function choose(
  candidates: readonly Candidate[],
  given: Ingredients,
  memory?: Memory,
): Promise<Chosen> {
  const { info, variant } = given;
  const known = await memory?.read();
  const rejected: RejectedBackend[] = [];
  const remembered = candidates.find((candidate) => same(candidate, known));
  if (remembered && known) {
    const passed = await tryOut(remembered, given, rejected);
    if (passed) return chosen(passed, `${known.reason}, as found out before`, rejected, candidates);
    await memory?.forget();
  }
  let best: Passed | undefined;
  for (const candidate of candidates) {
    if (candidate === remembered) continue; // just refused
    const passed = await tryOut(candidate, given, rejected);
    if (!passed) continue;
    if (candidate.onlyIfFaster || best) passed.fastest = await timed(passed.backend, info, variant);
    if (best) best = await faster(best, passed, rejected);
    else best = passed;
    if (!candidate.onlyIfFaster) break;
  }
  if (!best) throw noneLeft(info, rejected);
  const reason = best.candidate.reason;
  // Only what took a trial is worth remembering.
  if (candidates.length > 1) await memory?.write({ ...best.candidate, reason } satisfies Choice);
  return chosen(best, reason, rejected, candidates);
}

function same(candidate: Candidate, choice: Choice | undefined): boolean {
  return candidate.name === choice?.name && candidate.threads === choice.threads;
}

function chosen(
  { backend, check, candidate }: Passed,
  reason: string,
  rejected: RejectedBackend[],
  candidates: readonly Candidate[],
): Chosen {
  const { name, description, threads } = backend;
  const report = { name, description, threads, reason, selfCheck: check, rejected };
  const others = candidates.filter(
    (other) => other !== candidate && !rejected.some((one) => isRefused(one, other)),
  );
  return { backend, report, others };
}

function isRefused(one: RejectedBackend, other: Candidate): boolean {
  return one.name === other.name && one.threads === other.threads && !one.reason.startsWith(SLOWER);
}

const SLOWER = "slower";

/** Checks one candidate; undefined, and a line in `rejected`, where it may not answer. */
async function tryOut(
  candidate: Candidate,
  given: Ingredients,
  rejected: RejectedBackend[],
): Promise<Passed | undefined> {
  const { info, variant, signal } = given;
  const { name, threads } = candidate;
  let made: Backend | undefined;
  let late = false;
  const attempt = async (): Promise<Passed> => {
    const backend = wrapped(await candidate.create(given));
    made = backend;
    if (late) await backend.dispose();
    signal.throwIfAborted();
    const check = await selfCheck(backend, info, variant.golden);
    return { candidate, backend, check, fastest: Infinity };
  };
  try {
    const passed = await within(attempt(), seam()?.patience ?? candidate.patience, name);
    signal.throwIfAborted();
    return passed;
  } catch (error) {
    late = true;
    made?.dispose().catch(() => {});
    signal.throwIfAborted();
    // A file that is missing or wrong is no fault of the device. Anything unforeseen may well be.
    if (error instanceof Torch2WebError && !(error instanceof BackendError)) throw error;
    rejected.push({
      name,
      threads,
      reason: error instanceof BackendError ? error.message : String(error),
      ...(error instanceof WrongLogits ? { maxAbsDiff: error.maxAbsDiff } : {}),
    });
    return undefined;
  }
}

async function within<T>(work: Promise<T>, milliseconds: number, name: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    if (milliseconds === Infinity) return;
    const message = `${name} gave no answer to the self-check within ${milliseconds / 1000} s.`;
    timer = setTimeout(() => reject(new BackendError(message)), milliseconds);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Milliseconds of the fastest run for one picture. */
async function timed(backend: Backend, info: ModelInfo, { golden }: VariantInfo): Promise<number> {
  const input = goldenInput(golden.seed, 1, info);
  let fastest = Infinity;
  for (let run = 0; run < TRIAL_RUNS; run++) {
    const started = performance.now();
    await backend.run(input, 1);
    fastest = Math.min(fastest, performance.now() - started);
  }
  return fastest;
}

async function faster(a: Passed, b: Passed, rejected: RejectedBackend[]): Promise<Passed> {
  const [winner, loser] = a.fastest <= b.fastest ? [a, b] : [b, a];
  const { name, threads } = loser.candidate;
  const times = `${loser.fastest.toFixed(1)} ms a picture against ${winner.fastest.toFixed(1)}`;
  rejected.push({
    name,
    threads,
    reason: `${SLOWER} than ${winner.backend.description}: ${times}`,
  });
  await loser.backend.dispose();
  return winner;
}

function noneLeft(info: ModelInfo, rejected: RejectedBackend[]): Torch2WebError {
  const [only, ...more] = rejected;
  if (only && !more.length) return new BackendError(only.reason);
  const reasons = rejected.map(({ name, reason }) => `${name}: ${reason}`).join("\n");
  return new BackendError(`Nothing here can run ${info.name}.\n${reasons}`);
}

function wrapped(backend: Backend): Backend {
  return seam()?.wrap?.(backend) ?? backend;
}

/** Where tests put a faulty backend in the place of a right one, and are less patient. */
interface Seam {
  wrap?(backend: Backend): Backend;
  patience?: number;
}

function seam(): Seam | undefined {
  return (globalThis as { [SEAM]?: Seam })[SEAM];
}

const SEAM = Symbol.for("torch2web.seam");
