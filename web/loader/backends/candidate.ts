import type { BackendName } from "../api/backend.ts";
import type { PartedFileInfo } from "../api/manifest.ts";
import type { Backend } from "./backend.ts";
import type { BackendInputs } from "./backend_inputs.ts";

/** A backend that may be able to run a model. */
export interface Candidate {
  name: BackendName;
  threads: number;
  /** Why it is in its position, for people. */
  reason: string;
  /** Whether it is chosen over the next one only if it is faster. */
  onlyIfFaster: boolean;
  /** Milliseconds in which it has to start and pass the self-check. */
  timeout: number;
  /** The files that it needs. */
  files: (inputs: BackendInputs) => PartedFileInfo[];
  create: (inputs: BackendInputs) => Promise<Backend>;
}
