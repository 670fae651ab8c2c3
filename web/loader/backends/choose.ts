/**
 * Which backend answers: chosen by what it computes on this device, not by what it claims. Each candidate has to give
 * Python's logits for the golden input before it may; of two that do, the faster one does.
 */
import type { BackendName, BackendReport, RejectedBackend, SelfCheck } from "../api/backend.ts";
import { BackendError, Torch2WebError } from "../api/errors.ts";
import type { ModelInfo, VariantInfo } from "../api/manifest.ts";
import type { Backend } from "./backend.ts";
import type { Choice, Memory } from "./backend_cache.ts";
import type { Ingredients } from "./backend_inputs.ts";
import { goldenInput } from "./golden.ts";
import { selfCheck, WrongLogits } from "./self_check.ts";

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
  /** Milliseconds of its fastest run; measured only where it competes. */
  fastest: number;
}

/** What does not answer, and why. */
class Rejections {
  readonly reports: RejectedBackend[] = [];
  /** Those that may not; the others are just slower. */
  readonly refused = new Set<Candidate>();

  refuse(candidate: Candidate, error: unknown): void {
    this.refused.add(candidate);
    this.#report(
      candidate,
      error instanceof BackendError ? error.message : String(error),
      error instanceof WrongLogits ? { maxAbsDiff: error.maxAbsDiff } : {},
    );
  }

  slower(loser: Passed, winner: Passed): void {
    const times = `${loser.fastest.toFixed(1)} ms a picture against ${winner.fastest.toFixed(1)}`;
    this.#report(loser.candidate, `slower than ${winner.backend.description}: ${times}`);
  }

  #report({ name, threads }: Candidate, reason: string, more: object = {}): void {
    this.reports.push({ name, threads, reason, ...more });
  }
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
  const rejections = new Rejections();
  const known = await memory?.read();
  const remembered = candidates.find((candidate) => same(candidate, known));
  if (remembered && known) {
    const passed = await tryOut(remembered, given, rejections, false);
    if (passed)
      return chosen(passed, `${known.reason}, as found out before`, rejections, candidates);
    await memory?.forget();
  }
  const best = await compete(candidates, given, rejections);
  if (!best) throw noneLeft(given.info, rejections.reports);
  const { name, threads, reason } = best.candidate;
  // Only what took a trial is worth remembering.
  if (candidates.length > 1) await memory?.write({ name, threads, reason });
  return chosen(best, reason, rejections, candidates);
}

function same(candidate: Candidate, choice: Choice | undefined): boolean {
  return candidate.name === choice?.name && candidate.threads === choice.threads;
}

function chosen(
  { backend, check, candidate }: Passed,
  reason: string,
  { reports: rejected, refused }: Rejections,
  candidates: readonly Candidate[],
): Chosen {
  const { name, description, threads } = backend;
  const report = { name, description, threads, reason, selfCheck: check, rejected };
  const others = candidates.filter((other) => other !== candidate && !refused.has(other));
  return { backend, report, others };
}

async function compete(
  candidates: readonly Candidate[],
  given: Ingredients,
  rejections: Rejections,
): Promise<Passed | undefined> {
  let best: Passed | undefined;
  try {
    for (const candidate of candidates) {
      if (rejections.refused.has(candidate)) continue;
      const competes = candidate.onlyIfFaster || best !== undefined;
      const passed = await tryOut(candidate, given, rejections, competes);
      if (!passed) continue;
      best = best ? await faster(best, passed, rejections) : passed;
      if (!candidate.onlyIfFaster) break;
    }
    return best;
  } catch (error) {
    await best?.backend.dispose();
    throw error;
  }
}

/** Checks one candidate, and measures it if it competes; undefined where it may not answer. */
async function tryOut(
  candidate: Candidate,
  given: Ingredients,
  rejections: Rejections,
  competes: boolean,
): Promise<Passed | undefined> {
  const { info, variant, signal } = given;
  let made: Backend | undefined;
  let late = false;
  const attempt = async (): Promise<Passed> => {
    const backend = wrapped(await candidate.create(given));
    made = backend;
    if (late) {
      await backend.dispose();
      throw new BackendError("It came too late.");
    }
    signal.throwIfAborted();
    const check = await selfCheck(backend, info, variant.golden);
    const fastest = competes ? await timed(backend, info, variant) : Infinity;
    return { candidate, backend, check, fastest };
  };
  try {
    const passed = await within(attempt(), seam()?.patience ?? candidate.patience, candidate.name);
    signal.throwIfAborted();
    return passed;
  } catch (error) {
    late = true;
    made?.dispose().catch(() => {});
    signal.throwIfAborted();
    // A file that is missing or wrong is no fault of the device. Anything unforeseen may well be.
    if (error instanceof Torch2WebError && !(error instanceof BackendError)) throw error;
    rejections.refuse(candidate, error);
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

async function faster(a: Passed, b: Passed, rejections: Rejections): Promise<Passed> {
  const [winner, loser] = a.fastest <= b.fastest ? [a, b] : [b, a];
  rejections.slower(loser, winner);
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
