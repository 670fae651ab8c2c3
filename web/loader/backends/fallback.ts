import type { BackendReport } from "../api/backend.ts";
import { BackendError } from "../api/errors.ts";
import type { Backend } from "./backend.ts";
import type { Ingredients } from "./backend_inputs.ts";
import { choose, type Candidate, type Chosen } from "./choose.ts";

/** A chosen backend, and the next best in its place when it fails: a graphics adapter may be lost at any time. */
export class Recovering {
  /** Told of another backend in the place of the one before. */
  onChange: (report: BackendReport) => void = () => {};
  #chosen: Chosen;
  readonly #later: () => Ingredients;

  /** `later` gives what another backend is made of. */
  constructor(chosen: Chosen, later: () => Ingredients) {
    this.#chosen = chosen;
    this.#later = later;
  }

  get report(): BackendReport {
    return this.#chosen.report;
  }

  /** Logits [batch × classes] of `tensor`. Raises BackendError once no backend is left that can give them. */
  async run(tensor: Float32Array, batch: number): Promise<Float32Array> {
    for (;;) {
      const { backend, report, others } = this.#chosen;
      try {
        return await backend.run(tensor, batch);
      } catch (error) {
        if (!(error instanceof BackendError) || !others.length) throw error;
        await this.#replace(backend, report, others, error);
      }
    }
  }

  async dispose(): Promise<void> {
    await this.#chosen.backend.dispose();
  }

  async #replace(
    backend: Backend,
    { name, threads, rejected }: BackendReport,
    others: Candidate[],
    error: BackendError,
  ): Promise<void> {
    const chosen = await choose(others, this.#later());
    backend.dispose().catch(() => {});
    const failed = { name, threads, reason: `failed: ${error.message}` };
    const report = { ...chosen.report, rejected: [...rejected, failed, ...chosen.report.rejected] };
    this.#chosen = { ...chosen, report };
    this.onChange(report);
  }
}
