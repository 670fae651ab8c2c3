import type { PartedFileInfo } from "../api/manifest.ts";
import type { OverallProgress } from "../api/progress.ts";

/** Progress over all files of one load, by their hash: a file that several backends need counts once. */
export class Overall {
  readonly #files = new Map<string, { size: number; loaded: number }>();

  /** Adds files that will be fetched. */
  plan(files: readonly PartedFileInfo[]): void {
    for (const { sha256, size } of files) {
      if (!this.#files.has(sha256)) this.#files.set(sha256, { size, loaded: 0 });
    }
  }

  /** Whether all of `file` has arrived. */
  has({ sha256, size }: PartedFileInfo): boolean {
    return this.#files.get(sha256)?.loaded === size;
  }

  /** The progress after `loaded` bytes of `file`; fewer than before do not count. */
  update(file: PartedFileInfo, loaded: number): OverallProgress {
    this.plan([file]);
    const entry = this.#files.get(file.sha256)!;
    entry.loaded = Math.max(entry.loaded, loaded);
    const sum = { loaded: 0, total: 0, fraction: 1 };
    for (const { size, loaded: done } of this.#files.values()) {
      sum.loaded += done;
      sum.total += size;
    }
    if (sum.total) sum.fraction = sum.loaded / sum.total;
    return sum;
  }
}
