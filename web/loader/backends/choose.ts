/**
 * Chooses the backend by its results on this device: it has to pass the self-check, and of two that do, the faster one is
 * used.
 */
import type { BackendReport, RejectedBackend } from "../api/backend.ts";
import { BackendError, type Torch2WebError } from "../api/errors.ts";
import type { ModelInfo } from "../api/manifest.ts";
import type { Backend } from "./backend.ts";
import type { BackendCache } from "./backend_cache.ts";
import type { BackendInputs } from "./backend_inputs.ts";
import type { Candidate } from "./candidate.ts";
import { Rejections, tryCandidate, type Passed } from "./trial.ts";

export interface Chosen {
  backend: Backend;
  report: BackendReport;
  /** Candidates to fall back to. */
  others: Candidate[];
}

/**
 * The first of `candidates` that passes, or the fastest of several that compete. Raises BackendError with the reasons
 * where none passes; errors of downloads and the signal's reason end the choice.
 */
export async function chooseBackend(
  candidates: readonly Candidate[],
  inputs: BackendInputs,
  cache?: BackendCache,
): Promise<Chosen> {
  const rejections = new Rejections();
  const known = await cache?.read();
  const cached = candidates.find(
    ({ name, threads }) => name === known?.name && threads === known.threads,
  );
  // All that are tried if none fails.
  const first = cached
    ? [cached]
    : candidates.slice(0, candidates.findIndex(isLast) + 1 || undefined);
  inputs.overall.plan(first.flatMap(({ files }) => files(inputs)));
  if (cached && known) {
    const passed = await tryCandidate(cached, inputs, rejections, false);
    if (passed)
      return chosen(passed, `${known.reason}, as found out before`, rejections, candidates);
    await cache?.delete();
  }
  const best = await compete(candidates, inputs, rejections);
  if (!best) throw nonePassed(inputs.info, rejections.reports);
  const { name, threads, reason } = best.candidate;
  // Without alternatives there was no trial to save.
  if (candidates.length > 1) await cache?.write({ name, threads, reason });
  return chosen(best, reason, rejections, candidates);
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

/** Whether no other candidate is tried after this one, if it passes. */
function isLast({ onlyIfFaster }: Candidate): boolean {
  return !onlyIfFaster;
}

async function compete(
  candidates: readonly Candidate[],
  inputs: BackendInputs,
  rejections: Rejections,
): Promise<Passed | undefined> {
  let best: Passed | undefined;
  try {
    for (const candidate of candidates) {
      if (rejections.refused.has(candidate)) continue;
      const timed = candidate.onlyIfFaster || best !== undefined;
      const passed = await tryCandidate(candidate, inputs, rejections, timed);
      if (!passed) continue;
      best = best ? await faster(best, passed, rejections) : passed;
      if (isLast(candidate)) break;
    }
    return best;
  } catch (error) {
    await best?.backend.dispose();
    throw error;
  }
}

async function faster(a: Passed, b: Passed, rejections: Rejections): Promise<Passed> {
  const [winner, loser] = a.fastest <= b.fastest ? [a, b] : [b, a];
  rejections.slower(loser, winner);
  await loser.backend.dispose();
  return winner;
}

function nonePassed(info: ModelInfo, rejected: RejectedBackend[]): Torch2WebError {
  const [only, ...more] = rejected;
  if (only && !more.length) return new BackendError(only.reason);
  const reasons = rejected.map(({ name, reason }) => `${name}: ${reason}`).join("\n");
  return new BackendError(`No backend can run ${info.name} here.\n${reasons}`);
}
