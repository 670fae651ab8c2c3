/**
 * Checked parts kept in the Cache API under their hash, so that no byte crosses the network twice: not after a reload
 * in the middle of a download, not for a new version that shares parts, not for another tab.
 */
import type { FileInfo, Manifest } from "./manifest.ts";
import { siteURL } from "./site.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What the loader keeps on this device, for one site. */
export interface CacheStatus {
  /** Whether there is a cache to keep anything in. */
  available: boolean;
  /** Why there is none; empty where there is. */
  reason: string;
  parts: number;
  bytes: number;
}

/** Parts of the site at `base` that this device has. */
export class PartCache {
  /** Why nothing is kept; empty as long as it is. */
  problem: string;
  readonly #name: string;
  readonly #cache: Cache | undefined;

  private constructor(base: URL, cache: Cache | undefined, problem: string) {
    this.#name = nameOf(base);
    this.#cache = cache;
    this.problem = problem;
  }

  /** Never fails: where there is no Cache API or it refuses, nothing is kept and `problem` says why. */
  static async open(base: URL, wanted = true): Promise<PartCache> {
    if (!wanted) return new PartCache(base, undefined, "turned off by the page");
    if (!globalThis.caches) return new PartCache(base, undefined, UNAVAILABLE);
    try {
      return new PartCache(base, await caches.open(nameOf(base)), "");
    } catch (error) {
      return new PartCache(base, undefined, `this browser refuses to keep files: ${String(error)}`);
    }
  }

  /** The bytes kept for `part`, which the caller checks; undefined where there are none. */
  async get(part: FileInfo): Promise<Bytes | undefined> {
    try {
      const response = await this.#cache?.match(keyOf(part.sha256));
      return response && new Uint8Array(await response.arrayBuffer());
    } catch {
      return undefined;
    }
  }

  /** Keeps checked bytes. Where the device has no room, the rest is not kept either. */
  async put(part: FileInfo, bytes: Bytes): Promise<void> {
    if (this.problem) return;
    try {
      const headers = { "Content-Length": String(bytes.length) };
      await this.#cache?.put(keyOf(part.sha256), new Response(bytes, { headers }));
    } catch (error) {
      this.problem =
        error instanceof DOMException && error.name === "QuotaExceededError"
          ? "this device has no room left for it"
          : `this browser refuses to keep files: ${String(error)}`;
    }
  }

  /** Drops what turned out not to be what was put in. */
  async drop(part: FileInfo): Promise<void> {
    await this.#cache?.delete(keyOf(part.sha256)).catch(() => {});
  }

  /** Drops everything that is no part of `manifest`: what earlier versions of the site left. */
  async evictOthers(manifest: Manifest): Promise<void> {
    try {
      const known = new Set(partsOf(manifest).map(({ sha256 }) => sha256));
      for (const { url } of (await this.#cache?.keys()) ?? []) {
        if (!known.has(hashOf(url))) await this.#cache?.delete(url);
      }
    } catch {
      // Another time.
    }
  }

  /** Runs `task` while no other tab works on the same part. */
  async alone<T>(
    part: FileInfo,
    signal: AbortSignal | undefined,
    task: () => Promise<T>,
  ): Promise<T> {
    const locks = globalThis.navigator?.locks as LockManager | undefined;
    if (!locks || !this.#cache || this.problem) return task();
    const options: LockOptions = signal ? { signal } : {};
    return locks.request(`${this.#name} ${part.sha256}`, options, task) as Promise<T>;
  }
}

export interface CacheOptions {
  /** Folder of the site's files; by default where this script comes from. */
  baseURL?: string | URL;
}

/** What is kept on this device for a site. */
export async function cacheStatus({ baseURL }: CacheOptions = {}): Promise<CacheStatus> {
  const base = siteURL(baseURL);
  const status: CacheStatus = { available: true, reason: "", parts: 0, bytes: 0 };
  try {
    if (!globalThis.caches) throw new Error(UNAVAILABLE);
    if (!(await caches.has(nameOf(base)))) return status;
    const cache = await caches.open(nameOf(base));
    for (const key of await cache.keys()) {
      const response = await cache.match(key);
      status.parts++;
      status.bytes += Number(response?.headers.get("Content-Length"));
    }
    return status;
  } catch (error) {
    return {
      ...status,
      available: false,
      reason: error instanceof Error ? error.message : String(error),
    };
  }
}

/** Forgets everything kept on this device for a site; false where there was nothing. */
export async function clearCache({ baseURL }: CacheOptions = {}): Promise<boolean> {
  return globalThis.caches ? caches.delete(nameOf(siteURL(baseURL))) : false;
}

const UNAVAILABLE =
  "this page cannot keep files: browsers let only pages from https:// or localhost";

function nameOf(base: URL): string {
  return `torch2web ${base.href}`;
}

/** An address that no server is asked for. */
function keyOf(sha256: string): string {
  return new URL(`/torch2web-part/${sha256}`, globalThis.location.href).href;
}

function hashOf(url: string): string {
  return url.slice(url.lastIndexOf("/") + 1);
}

function partsOf({ runtime, models }: Manifest): FileInfo[] {
  const files = [
    runtime.files.wasm,
    ...models.flatMap(({ graph, variants }) => [graph, ...variants.map(({ weights }) => weights)]),
  ];
  return files.flatMap(({ parts }) => parts);
}
