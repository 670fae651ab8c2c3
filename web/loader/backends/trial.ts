/** The trial of a candidate: created, checked, and timed if it competes. */
import type { RejectedBackend, SelfCheck } from "../api/backend.ts";
import { BackendError, Torch2WebError } from "../api/errors.ts";
import { within } from "../fetch/concurrency/time_limit.ts";
import type { Backend } from "./backend.ts";
import type { BackendInputs } from "./backend_inputs.ts";
import type { Candidate } from "./candidate.ts";
import { selfCheck, ToleranceError } from "./self_check.ts";

/** A candidate that passed the self-check. */
export interface Passed {
  candidate: Candidate;
  backend: Backend;
  check: SelfCheck;
  /** Milliseconds of its fastest run with one image. */
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
      error instanceof ToleranceError && error.maxAbsDiff !== undefined
        ? { maxAbsDiff: error.maxAbsDiff }
        : {},
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

/** Number of runs with one image, each checked. At least two: the second has another image than the first. */
const RUNS = 2;

/** The same where the fastest run counts. */
const TIMED_RUNS = 3;

/** Tries one candidate, timed if `timed`; undefined where it is refused. Raises errors of downloads and the signal's reason. */
export async function tryCandidate(
  candidate: Candidate,
  inputs: BackendInputs,
  rejections: Rejections,
  timed: boolean,
): Promise<Passed | undefined> {
  const { signal } = inputs;
  const timeout = seam()?.patience ?? candidate.timeout;
  let created: Backend | undefined;
  let expired = false;
  const attempt = async (): Promise<Passed> => {
    const backend = limited(wrapForTests(await candidate.create(inputs)), timeout);
    created = backend;
    if (expired) {
      await backend.dispose();
      throw new BackendError("It started too late.");
    }
    signal.throwIfAborted();
    const runs = timed ? TIMED_RUNS : RUNS;
    const { fastest, ...check } = await selfCheck(backend, inputs, runs);
    return { candidate, backend, check, fastest };
  };
  try {
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

/** `backend`, of which no run takes longer than `timeout` for each image. */
function limited(backend: Backend, timeout: number): Backend {
  return {
    ...backend,
    run: (tensor, batch) => withTimeout(backend.run(tensor, batch), timeout * batch, backend.name),
  };
}

function withTimeout<T>(work: Promise<T>, milliseconds: number, name: string): Promise<T> {
  const seconds = milliseconds / 1000;
  return within(
    milliseconds,
    work,
    () => new BackendError(`${name} gave no answer within ${seconds} s.`),
  );
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
