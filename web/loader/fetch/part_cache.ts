/**
 * Checked parts in the Cache API under their hash. A part is downloaded once: a reload continues an interrupted download,
 * a new version reuses the parts that it shares, and so do other tabs. The pinned manifest is kept in the same way.
 */
import type { FileInfo, Manifest, ModelInfo } from "../api/manifest.ts";
import { withLock, type WaitOptions } from "./concurrency/locks.ts";
import { pageOf, type ManifestIndex } from "./manifest/pages.ts";
import { MANIFEST_PATH } from "./manifest/pin.ts";
import { within } from "./concurrency/time_limit.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Folders of the keys. */
const PARTS = "torch2web-part";
const MANIFESTS = "torch2web-manifest";
const CATALOG = "torch2web-catalog";

/** What is cached under its hash. */
interface Entry {
  sha256: string;
  folder?: string;
}

/** The entry of the manifest with the SHA-256 `pin`. */
export function manifestEntry(pin: string): Entry {
  return { sha256: pin, folder: MANIFESTS };
}

/** `file` of a large catalogue as an entry: it names others. */
export function catalogFile(file: FileInfo): FileInfo & Entry {
  return { ...file, folder: CATALOG };
}

/** Why nothing is cached on pages without the Cache API. */
export const UNAVAILABLE =
  "this page cannot keep files: browsers let only pages from https:// or localhost";

/** The Cache API; absent on pages from plain HTTP. */
export function cacheStorage(): CacheStorage | undefined {
  return (globalThis as Partial<typeof globalThis>).caches;
}

/** Milliseconds in which the browser's cache has to answer. */
const CACHE_TIMEOUT = 10_000;

/** The browser's cache did not answer. */
class SilentCacheError extends Error {}

/** `answer` of the Cache API, within a time limit of at most 10 s. */
export function inTime<T>(answer: Promise<T>, limit = CACHE_TIMEOUT): Promise<T> {
  const timeout = Math.min(limit, CACHE_TIMEOUT);
  const problem = `the cache did not answer for ${timeout / 1000} s`;
  return within(timeout, answer, () => new SilentCacheError(problem));
}

/** The cached parts of the site at `base`. */
export class PartCache {
  /** Why downloads are not cached; empty where they are. */
  problem = "";
  /** Why other tabs may download the same; empty where they do not. */
  unlocked = "";
  readonly #base: URL;
  readonly #limit: number | undefined;
  #cache: Cache | undefined;

  private constructor(base: URL, limit: number | undefined) {
    this.#base = base;
    this.#limit = limit;
  }

  /** Never fails: where the Cache API is missing, refuses or does not answer, `problem` is set. */
  static async open(base: URL, enabled = true, limit?: number): Promise<PartCache> {
    const opened = new PartCache(base, limit);
    try {
      if (!enabled) opened.problem = "turned off by the page";
      else if (!cacheStorage()) opened.problem = UNAVAILABLE;
      else opened.#cache = await inTime(caches.open(cacheName(base)), limit);
    } catch (error) {
      opened.problem = refusal(error);
    }
    return opened;
  }

  /** Keys of the cached parts. Never fails. */
  async stored(): Promise<string[]> {
    const keys = await this.#ask(async (cache) => cache.keys());
    return keys?.map(({ url }) => url) ?? [];
  }

  /** The cached bytes of `part`, unchecked. */
  async get(part: Entry): Promise<Bytes | undefined> {
    return this.#ask(async (cache) => {
      const response = await cache.match(keyOf(this.#base, part));
      return response && new Uint8Array(await response.arrayBuffer());
    });
  }

  /** Caches checked bytes. After a failure, such as an exceeded quota, nothing more is cached. */
  async put(part: Entry, bytes: Bytes): Promise<void> {
    if (this.problem) return;
    try {
      const headers = { "Content-Length": String(bytes.length) };
      const response = new Response(bytes, { headers });
      const kept = this.#cache?.put(keyOf(this.#base, part), response);
      if (kept) await inTime(kept, this.#limit);
    } catch (error) {
      this.problem = refusal(error);
    }
  }

  async delete(part: Entry): Promise<void> {
    await this.#ask(async (cache) => cache.delete(keyOf(this.#base, part)));
  }

  /**
   * Deletes the entries `stored` that `manifest` does not name: parts of earlier versions. Entries that were added later
   * are kept, as another tab may have loaded a newer version, and so are those of the version that works offline, and of
   * the `versions` manifests that were cached last.
   */
  async evictOthers(
    stored: readonly string[],
    manifest: Manifest & Pick<ManifestIndex, "pages">,
    pin: string,
    versions = 0,
  ): Promise<void> {
    const known = new Set([keyOf(this.#base, manifestEntry(pin))]);
    const add = async (content: unknown): Promise<void> => {
      for (const file of filesIn(content)) {
        known.add(keyOf(this.#base, file));
        const inCatalog = keyOf(this.#base, catalogFile(file));
        if (!stored.includes(inCatalog) || known.has(inCatalog)) continue;
        known.add(inCatalog);
        await add(await this.#parsed(inCatalog));
      }
    };
    await add(manifest);
    await add(await this.#offline());
    const manifests = versions ? stored.filter(isManifest).slice(-versions) : [];
    for (const url of manifests) {
      known.add(url);
      await add(await this.#parsed(url));
    }
    for (const url of stored.filter((key) => !known.has(key) && key.includes(`/${CATALOG}/`))) {
      const other = (await this.#parsed(url)) as ModelInfo | undefined;
      const page = other?.variants && pageOf(manifest, other.name);
      // Whether it is of this version is on a page that nobody loaded yet: not known to be old.
      if (!page || page === pageOf(manifest, manifest.models[0]!.name)) continue;
      if (stored.includes(keyOf(this.#base, catalogFile(page)))) continue;
      known.add(url);
      await add(other);
    }
    const others = stored.filter((url) => !known.has(url));
    await this.#ask(async (cache) => Promise.all(others.map((url) => cache.delete(url))));
  }

  /** The cached JSON with this key. */
  async #parsed(key: string): Promise<unknown> {
    return this.#ask(async (cache) => (await cache.match(key))?.json() as unknown);
  }

  /** The manifest that the site's service worker keeps: an older one until its update is complete. */
  async #offline(): Promise<unknown> {
    return this.#ask(
      async () => (await caches.match(new URL(MANIFEST_PATH, this.#base)))?.json() as unknown,
    );
  }

  /** Runs `task` while no other tab downloads the same part. */
  withLock<T>(
    part: FileInfo,
    options: WaitOptions,
    task: (keepAlive: () => void) => Promise<T>,
  ): Promise<T> {
    // Without a cache, a tab could not use the part that another one downloaded.
    if (this.problem || this.unlocked) return task(() => {});
    return withLock(`${cacheName(this.#base)} ${part.sha256}`, options, task, () => {
      // Not awaited again for each part.
      this.unlocked = "other tabs may download the same: no lock was granted";
    });
  }

  /** Undefined where the cache refuses; one that does not answer is not asked again. */
  async #ask<T>(question: (cache: Cache) => Promise<T>): Promise<T | undefined> {
    const cache = this.#cache;
    try {
      return cache && (await inTime(question(cache), this.#limit));
    } catch (error) {
      if (error instanceof SilentCacheError) {
        this.problem = error.message;
        this.#cache = undefined;
      }
      return undefined;
    }
  }
}

/** Why the browser refused to cache, for people. */
export function refusal(error: unknown): string {
  if (error instanceof SilentCacheError) return error.message;
  return error instanceof DOMException && error.name === "QuotaExceededError"
    ? "this device has no room left for it"
    : `files cannot be kept here: ${String(error)}`;
}

/** Name of the cache of the site at `base`. */
export function cacheName(base: URL): string {
  return `torch2web ${base.href}`;
}

/** A URL that is never requested. */
function keyOf(base: URL, { sha256, folder = PARTS }: Entry): string {
  return new URL(`${folder}/${sha256}`, base).href;
}

/** Whether the entry with this key is a part. */
export function isPart(url: string): boolean {
  return new URL(url).pathname.includes(`/${PARTS}/`);
}

function isManifest(url: string): boolean {
  return new URL(url).pathname.includes(`/${MANIFESTS}/`);
}

/** Files that the JSON of a site names, at any depth. */
function filesIn(content: unknown): FileInfo[] {
  if (typeof content !== "object" || !content) return [];
  const inside = Object.values(content).flatMap(filesIn);
  return "path" in content && "sha256" in content ? [content as FileInfo, ...inside] : inside;
}
