/**
 * Checked parts in the Cache API under their hash. A part is downloaded once: a reload continues an interrupted download,
 * a new version reuses the parts that it shares, and so do other tabs.
 */
import type { FileInfo, Manifest } from "../api/manifest.ts";
import { withLock, type WaitOptions } from "./locks.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Why nothing is cached on pages without the Cache API. */
export const UNAVAILABLE =
  "this page cannot keep files: browsers let only pages from https:// or localhost";

/** The Cache API; absent on pages from plain HTTP. */
export function cacheStorage(): CacheStorage | undefined {
  return (globalThis as Partial<typeof globalThis>).caches;
}

/** The cached parts of the site at `base`. */
export class PartCache {
  /** Why downloads are not cached; empty where they are. */
  problem = "";
  readonly #base: URL;
  #cache: Cache | undefined;

  private constructor(base: URL) {
    this.#base = base;
  }

  /** Never fails: where the Cache API is missing or refuses, `problem` is set. */
  static async open(base: URL, enabled = true): Promise<PartCache> {
    const opened = new PartCache(base);
    try {
      if (!enabled) opened.problem = "turned off by the page";
      else if (!cacheStorage()) opened.problem = UNAVAILABLE;
      else opened.#cache = await caches.open(cacheName(base));
    } catch (error) {
      opened.problem = refusal(error);
    }
    return opened;
  }

  /** The cached bytes of `part`, unchecked. */
  async get(part: FileInfo): Promise<Bytes | undefined> {
    try {
      const response = await this.#cache?.match(keyOf(this.#base, part));
      return response && new Uint8Array(await response.arrayBuffer());
    } catch {
      return undefined;
    }
  }

  /** Caches checked bytes. After a failure, such as an exceeded quota, nothing more is cached. */
  async put(part: FileInfo, bytes: Bytes): Promise<void> {
    if (this.problem) return;
    try {
      const headers = { "Content-Length": String(bytes.length) };
      await this.#cache?.put(keyOf(this.#base, part), new Response(bytes, { headers }));
    } catch (error) {
      this.problem = refusal(error);
    }
  }

  async delete(part: FileInfo): Promise<void> {
    await this.#cache?.delete(keyOf(this.#base, part)).catch(() => {});
  }

  /**
   * Deletes the entries `stored` that `manifest` does not name: parts of earlier versions. Entries that were added later
   * are kept, as another tab may have loaded a newer version.
   */
  async evictOthers(stored: readonly string[], manifest: Manifest): Promise<void> {
    const known = new Set(partsOf(manifest).map((part) => keyOf(this.#base, part)));
    const others = stored.filter((url) => !known.has(url));
    const cache = this.#cache;
    if (cache) await Promise.all(others.map((url) => cache.delete(url))).catch(() => {});
  }

  /** Runs `task` while no other tab downloads the same part. */
  withLock<T>(
    part: FileInfo,
    options: WaitOptions,
    task: (keepAlive: () => void) => Promise<T>,
  ): Promise<T> {
    // Without a cache, a tab could not use the part that another one downloaded.
    if (this.problem) return task(() => {});
    return withLock(`${cacheName(this.#base)} ${part.sha256}`, options, task);
  }
}

/** Keys of the cached parts of the site at `base`. Never fails. */
export async function storedParts(base: URL): Promise<string[]> {
  try {
    const cache = await caches.open(cacheName(base));
    return (await cache.keys()).map(({ url }) => url);
  } catch {
    return [];
  }
}

/** Why the browser refused to cache, for people. */
export function refusal(error: unknown): string {
  return error instanceof DOMException && error.name === "QuotaExceededError"
    ? "this device has no room left for it"
    : `this browser refuses to keep files: ${String(error)}`;
}

/** Name of the cache of the site at `base`. */
export function cacheName(base: URL): string {
  return `torch2web ${base.href}`;
}

/** A URL that is never requested. */
function keyOf(base: URL, { sha256 }: FileInfo): string {
  return new URL(`torch2web-part/${sha256}`, base).href;
}

function partsOf({ runtime, engine, models }: Manifest): FileInfo[] {
  const files = [
    runtime?.files.wasm,
    runtime?.webgpu?.wasm,
    ...Object.values(engine?.files ?? {}),
    ...models.flatMap(({ graph, plan, variants }) => [
      graph,
      plan,
      ...variants.map(({ weights }) => weights),
    ]),
  ];
  return files.flatMap((file) => file?.parts ?? []);
}
