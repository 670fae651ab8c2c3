/**
 * Checked parts kept in the Cache API under their hash, so that no byte crosses the network twice: not after a reload
 * in the middle of a download, not for a new version that shares parts, not for another tab.
 */
import type { FileInfo, Manifest } from "../api/manifest.ts";
import { memoryName } from "../backends/backend_cache.ts";
import { siteURL } from "./manifest/read.ts";
import { alone, type Patience } from "./locks.ts";

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
  problem = "";
  readonly #base: URL;
  #cache: Cache | undefined;

  private constructor(base: URL) {
    this.#base = base;
  }

  /** Never fails: where there is no Cache API or it refuses, nothing is kept and `problem` says why. */
  static async open(base: URL, wanted = true): Promise<PartCache> {
    const opened = new PartCache(base);
    try {
      if (!wanted) opened.problem = "turned off by the page";
      else if (!globalThis.caches) opened.problem = UNAVAILABLE;
      else {
        opened.#cache = await caches.open(nameOf(base));
      }
    } catch (error) {
      opened.problem = refusal(error);
    }
    return opened;
  }

  /** The bytes kept for `part`, which the caller checks; undefined where there are none. */
  async get(part: FileInfo): Promise<Bytes | undefined> {
    try {
      const response = await this.#cache?.match(keyOf(this.#base, part));
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
      await this.#cache?.put(keyOf(this.#base, part), new Response(bytes, { headers }));
    } catch (error) {
      this.problem = refusal(error);
    }
  }

  /** Drops what turned out not to be what was put in. */
  async drop(part: FileInfo): Promise<void> {
    await this.#cache?.delete(keyOf(this.#base, part)).catch(() => {});
  }

  /**
   * Drops what earlier versions of the site left: everything in `stored` that is no part of `manifest`. What came in
   * later stays, as it may be another tab's, of a version that is newer still.
   */
  async evictOthers(stored: readonly string[], manifest: Manifest): Promise<void> {
    const known = new Set(partsOf(manifest).map((part) => keyOf(this.#base, part)));
    const others = stored.filter((url) => !known.has(url));
    await Promise.all(others.map((url) => this.#cache?.delete(url))).catch(() => {});
  }

  /** Runs `task` while no other tab works on the same part. */
  alone<T>(
    part: FileInfo,
    patience: Patience,
    task: (alive: () => void) => Promise<T>,
  ): Promise<T> {
    // What is not kept cannot be handed from one to the other.
    if (this.problem) return task(() => {});
    return alone(`${nameOf(this.#base)} ${part.sha256}`, patience, task);
  }
}

/** Under which keys this device keeps parts of the site at `base` now. Never fails. */
export async function storedParts(base: URL): Promise<string[]> {
  try {
    const cache = await caches.open(nameOf(base));
    return (await cache.keys()).map(({ url }) => url);
  } catch {
    return [];
  }
}

export interface CacheOptions {
  /** Folder of the site's files; by default where this script comes from. */
  baseURL?: string | URL;
}

/** What is kept on this device for a site. */
export async function cacheStatus({ baseURL }: CacheOptions = {}): Promise<CacheStatus> {
  const name = nameOf(siteURL(baseURL));
  const status: CacheStatus = { available: true, reason: "", parts: 0, bytes: 0 };
  try {
    if (!globalThis.caches) return { ...status, available: false, reason: UNAVAILABLE };
    // Asked for first, because opening it makes one.
    if (!(await caches.has(name))) return status;
    const cache = await caches.open(name);
    for (const key of await cache.keys()) {
      const response = await cache.match(key);
      if (!response) continue;
      status.parts++;
      status.bytes += Number(response.headers.get("Content-Length"));
    }
    return status;
  } catch (error) {
    return { ...status, available: false, reason: refusal(error) };
  }
}

/** Forgets everything kept on this device for a site; false where there was nothing. */
export async function clearCache({ baseURL }: CacheOptions = {}): Promise<boolean> {
  const name = nameOf(siteURL(baseURL));
  try {
    if (!globalThis.caches) return false;
    await caches.delete(memoryName(siteURL(baseURL)));
    return await caches.delete(name);
  } catch {
    // A browser that refuses this has kept nothing either.
    return false;
  }
}

const UNAVAILABLE =
  "this page cannot keep files: browsers let only pages from https:// or localhost";

function refusal(error: unknown): string {
  return error instanceof DOMException && error.name === "QuotaExceededError"
    ? "this device has no room left for it"
    : `this browser refuses to keep files: ${String(error)}`;
}

function nameOf(base: URL): string {
  return `torch2web ${base.href}`;
}

/** An address that no server is asked for. */
function keyOf(base: URL, { sha256 }: FileInfo): string {
  return new URL(`torch2web-part/${sha256}`, base).href;
}

function partsOf({ runtime, engine, models }: Manifest): FileInfo[] {
  const files = [
    ...[runtime?.files, runtime?.webgpu].map((build) => build?.wasm),
    ...Object.values(engine?.files ?? {}),
    ...models.flatMap(({ graph, plan, variants }) => [
      graph,
      plan,
      ...variants.map(({ weights }) => weights),
    ]),
  ];
  return files.flatMap((file) => file?.parts ?? []);
}
