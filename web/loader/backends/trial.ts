/** The trial of a candidate: created, checked, and timed if it competes. */
import type { RejectedBackend, SelfCheck } from "../api/backend.ts";
import { BackendError, Torch2WebError } from "../api/errors.ts";
import type { ModelInfo, VariantInfo } from "../api/manifest.ts";
import type { Backend } from "./backend.ts";
import type { BackendInputs } from "./backend_inputs.ts";
import type { Candidate } from "./candidate.ts";
import { goldenInput } from "./golden.ts";
import { selfCheck, ToleranceError } from "./self_check.ts";

/** A candidate that passed the self-check. */
export interface Passed {
  candidate: Candidate;
  backend: Backend;
  check: SelfCheck;
  /** Milliseconds of its fastest run; Infinity without a timing. */
  fastest: number;
}

/** Candidates that are not used, and why. */
export class Rejections {
  readonly reports: RejectedBackend[] = [];
  /** Those that failed; the others are slower. */
  readonly refused = new Set<Candidate>();

  refuse(candidate: Candidate, error: unknown): void {
    this.refused.add(candidate);
    this.#report(
      candidate,
      error instanceof BackendError ? error.message : String(error),
      error instanceof ToleranceError ? { maxAbsDiff: error.maxAbsDiff } : {},
    );
  }

  slower(loser: Passed, winner: Passed): void {
    const times = `${loser.fastest.toFixed(1)} ms per image, not ${winner.fastest.toFixed(1)}`;
    this.#report(loser.candidate, `slower than ${winner.backend.description}: ${times}`);
  }

  #report({ name, threads }: Candidate, reason: string, more: object = {}): void {
    this.reports.push({ name, threads, reason, ...more });
  }
}

/** Number of timed runs; the fastest counts. */
const TRIAL_RUNS = 3;

/** Tries one candidate, timed if `timed`; undefined where it is refused. Raises errors of downloads and the signal's reason. */
export async function tryCandidate(
  candidate: Candidate,
  inputs: BackendInputs,
  rejections: Rejections,
  timed: boolean,
): Promise<Passed | undefined> {
  const { info, variant, signal } = inputs;
  let created: Backend | undefined;
  let expired = false;
  const attempt = async (): Promise<Passed> => {
    const backend = wrapForTests(await candidate.create(inputs));
    created = backend;
    if (expired) {
      await backend.dispose();
      throw new BackendError("It started too late.");
    }
    signal.throwIfAborted();
    const check = await selfCheck(backend, info, variant.golden);
    const fastest = timed ? await timeRuns(backend, info, variant) : Infinity;
    return { candidate, backend, check, fastest };
  };
  try {
    const timeout = seam()?.patience ?? candidate.timeout;
    const passed = await withTimeout(attempt(), timeout, candidate.name);
    signal.throwIfAborted();
    return passed;
  } catch (error) {
    expired = true;
    created?.dispose().catch(() => {});
    signal.throwIfAborted();
    // A missing or wrong file is not a fault of the device; any unexpected error may be.
    if (error instanceof Torch2WebError && !(error instanceof BackendError)) throw error;
    rejections.refuse(candidate, error);
    return undefined;
  }
}

async function withTimeout<T>(work: Promise<T>, milliseconds: number, name: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expired = new Promise<never>((_, reject) => {
    if (milliseconds === Infinity) return;
    const message = `${name} gave no answer to the self-check within ${milliseconds / 1000} s.`;
    timer = setTimeout(() => reject(new BackendError(message)), milliseconds);
  });
  return Promise.race([work, expired]).finally(() => clearTimeout(timer));
}

/** Milliseconds of the fastest run with one image. */
async function timeRuns(
  backend: Backend,
  info: ModelInfo,
  { golden }: VariantInfo,
): Promise<number> {
  const input = goldenInput(golden.seed, 1, info);
  let fastest = Infinity;
  for (let run = 0; run < TRIAL_RUNS; run++) {
    const started = performance.now();
    await backend.run(input, 1);
    fastest = Math.min(fastest, performance.now() - started);
  }
  return fastest;
}

function wrapForTests(backend: Backend): Backend {
  return seam()?.wrap?.(backend) ?? backend;
}

/** Set by tests: wraps backends to make them faulty, and shortens the timeout. */
interface Seam {
  wrap?: (backend: Backend) => Backend;
  patience?: number;
}

const SEAM = Symbol.for("torch2web.seam");

function seam(): Seam | undefined {
  return (globalThis as { [SEAM]?: Seam })[SEAM];
}
