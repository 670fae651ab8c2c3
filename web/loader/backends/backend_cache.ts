/** The backend that an earlier load chose on this device, in the Cache API, so that the trial is not repeated. */
import type { BackendName } from "../api/backend.ts";
import { inTime } from "../fetch/part_cache.ts";

export interface CachedChoice {
  name: BackendName;
  threads: number;
  reason: string;
}

/** The choice for one variant of a model; valid while `dependsOn` is the same. */
export class BackendCache {
  readonly #cache: string;
  readonly #url: string;
  readonly #dependsOn: string;
  readonly #limit: number | undefined;

  /** Milliseconds in which the cache has to answer are at most `limit`. */
  constructor(base: URL, variant: string, dependsOn: string, limit: number | undefined) {
    this.#limit = limit;
    this.#cache = backendCacheName(base);
    this.#url = new URL(`torch2web-choice/${encodeURIComponent(variant)}`, base).href;
    this.#dependsOn = dependsOn;
  }

  /** Undefined without a valid entry. Never fails. */
  async read(): Promise<CachedChoice | undefined> {
    try {
      const answer = caches.match(this.#url, { cacheName: this.#cache });
      const response = await inTime(answer, this.#limit);
      const { dependsOn, ...choice } = (await response!.json()) as CachedChoice & {
        dependsOn: string;
      };
      return dependsOn === this.#dependsOn ? choice : undefined;
    } catch {
      return undefined;
    }
  }

  async write(choice: CachedChoice): Promise<void> {
    try {
      const cache = await inTime(caches.open(this.#cache), this.#limit);
      const content = JSON.stringify({ ...choice, dependsOn: this.#dependsOn });
      await inTime(cache.put(this.#url, new Response(content)), this.#limit);
    } catch {
      // The next load repeats the trial.
    }
  }

  async delete(): Promise<void> {
    try {
      const cache = await inTime(caches.open(this.#cache), this.#limit);
      await inTime(cache.delete(this.#url), this.#limit);
    } catch {
      // The next load refuses the entry again.
    }
  }
}

/** A separate cache: that of the parts has no other entries. */
export function backendCacheName(base: URL): string {
  return `torch2web-choices ${base.href}`;
}
