/** What an earlier load found out about this device, so that nothing is tried twice. Kept in the Cache API. */
import type { BackendName } from "../api/backend.ts";

/** The backend that answered. */
export interface Choice {
  name: BackendName;
  threads: number;
  reason: string;
}

/** The choice for one variant of a model, as long as all that it depends on stays the same. */
export class Memory {
  readonly #cache: string;
  readonly #url: string;
  readonly #dependsOn: string;

  constructor(base: URL, variant: string, dependsOn: string) {
    this.#cache = memoryName(base);
    this.#url = new URL(`torch2web-choice/${encodeURIComponent(variant)}`, base).href;
    this.#dependsOn = dependsOn;
  }

  /** Undefined where there is none, or nowhere to keep one. */
  async read(): Promise<Choice | undefined> {
    try {
      const response = await caches.match(this.#url, { cacheName: this.#cache });
      const { dependsOn, ...choice } = (await response!.json()) as Choice & { dependsOn: string };
      return dependsOn === this.#dependsOn ? choice : undefined;
    } catch {
      return undefined;
    }
  }

  async write(choice: Choice): Promise<void> {
    try {
      const cache = await caches.open(this.#cache);
      const content = JSON.stringify({ ...choice, dependsOn: this.#dependsOn });
      await cache.put(this.#url, new Response(content));
    } catch {
      // Then it is found out again.
    }
  }

  async forget(): Promise<void> {
    try {
      const cache = await caches.open(this.#cache);
      await cache.delete(this.#url);
    } catch {
      // Then it is refused again.
    }
  }
}

/** Apart from the parts, whose cache is kept free of everything else. */
export function memoryName(base: URL): string {
  return `torch2web-choices ${base.href}`;
}
