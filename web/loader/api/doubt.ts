import type { RejectedBackend } from "./backend.ts";

/** Answers that may be wrong: the backend that gave them has failed a later check, and is not used again. */
export interface DoubtfulAnswers {
  /** Name of the model. */
  model: string;
  /** The backend, and what the check found. */
  backend: RejectedBackend;
  /** Number of calls that it has answered since the last check that it passed. */
  count: number;
  /** Those of which `prediction.time` is from `since` to `until`. */
  since: number;
  until: number;
}
