import type { BackendReport } from "../api/backend.ts";
import type { DoubtfulAnswers } from "../api/doubt.ts";

/** What happens to a model's backend without a call that tells it. */
export interface News {
  /** After a fallback to another backend. */
  backend?: BackendReport;
  /** Before it, where answers may be wrong. */
  doubt?: DoubtfulAnswers;
}
