/**
 * Checked parts kept in the Cache API under their hash, so that no byte crosses the network twice: not after a reload
 * in the middle of a download, not for a new version that shares parts, not for another tab.
 */
import type { FileInfo, Manifest } from "../api/manifest.ts";
import { alone, type Patience } from "./locks.ts";

type Bytes = Uint8Array<ArrayBuffer>;

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

export const UNAVAILABLE =
  "this page cannot keep files: browsers let only pages from https:// or localhost";

export function refusal(error: unknown): string {
  return error instanceof DOMException && error.name === "QuotaExceededError"
    ? "this device has no room left for it"
    : `this browser refuses to keep files: ${String(error)}`;
}

export function nameOf(base: URL): string {
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
