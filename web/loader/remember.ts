/** What an earlier load found out about this device, so that nothing is tried twice. Kept in the Cache API. */
import type { BackendName } from "./backend.ts";

/** The backend that answered. */
export interface Choice {
  name: BackendName;
  threads: number;
  reason: string;
}

/** One remembered choice; `key` names all that it depends on. */
export class Memory {
  readonly #cache: string;
  readonly #url: string;

  constructor(base: URL, key: string) {
    this.#cache = memoryName(base);
    this.#url = new URL(`torch2web-choice/${encodeURIComponent(key)}`, base).href;
  }

  /** Undefined where there is none, or nowhere to keep one. */
  async read(): Promise<Choice | undefined> {
    try {
      const response = await caches.match(this.#url, { cacheName: this.#cache });
      return (await response?.json()) as Choice | undefined;
    } catch {
      return undefined;
    }
  }

  async write(choice: Choice): Promise<void> {
    try {
      const cache = await caches.open(this.#cache);
      // One for each site and model is enough: what depended on another build is of no use any more.
      for (const { url } of await cache.keys()) {
        if (url.split("%20")[0] === this.#url.split("%20")[0]) await cache.delete(url);
      }
      await cache.put(this.#url, new Response(JSON.stringify(choice)));
    } catch {
      // Then it is found out again.
    }
  }

  async forget(): Promise<void> {
    await caches.open(this.#cache).then(
      (cache) => cache.delete(this.#url),
      () => {},
    );
  }
}

/** Apart from the parts, whose cache is kept free of everything else. */
export function memoryName(base: URL): string {
  return `torch2web-choices ${base.href}`;
}
