import type { LoadOptions } from "../../api/load_options.ts";
import { fetchBytes, type DownloadOptions } from "../download.ts";
import { sha256, subresourceIntegrity } from "../integrity.ts";
import { LinkedController } from "../concurrency/linked_controller.ts";
import { manifestEntry, PartCache } from "../part_cache.ts";
import { expectParts, readStart, takeLinks, type Preloaded } from "../preloads.ts";
import { siteURL } from "../site_url.ts";
import { within } from "../concurrency/time_limit.ts";
import { subtleCrypto } from "../subtle_crypto.ts";
import { untilAborted } from "../concurrency/until_aborted.ts";
import { MANIFEST_PATH, manifestPath, manifestPin } from "./pin.ts";

/** Milliseconds for which the cache is asked alone. */
const CACHE_PATIENCE = 500;

export interface Prefetched {
  /** Keys of the parts that were cached when the manifest was requested. */
  stored: readonly string[];
  /** Bytes of the manifest, unchecked unless they were cached; undefined where the request failed. */
  manifest: Uint8Array<ArrayBuffer> | undefined;
  /** Whether the manifest was cached. */
  cached: boolean;
  preloaded: Preloaded;
}

/**
 * Prefetches the manifest, lists the cached parts and takes over what the page preloads, in the page while the worker
 * starts: one round trip less. Fails only for an invalid `baseURL`; `readManifest` reports what is missing. Ends when the
 * signal aborts.
 */
export async function prefetch(name: string, options: LoadOptions): Promise<Prefetched> {
  const { baseURL, signal, stallTimeout } = options;
  const base = siteURL(baseURL);
  const pin = manifestPin(options.integrity);
  const path = manifestPath(name, pin);
  const links = takeLinks(base, name);
  const request = new LinkedController(signal);
  const limits = { ...options, signal: request.signal };
  const start = readStart(base, links.start, limits);
  const reading = readCache(base, pin, options);
  // Soon in parallel: a browser's first access to its cache may take as long as the network.
  const known = within(CACHE_PATIENCE, reading).catch(() => undefined);
  const network = Promise.all([start, known]).then(async ([files, read]) => {
    if (read?.manifest) return undefined;
    const found = files.get(path);
    return found && (await isPinned(found, pin)) ? found : prefetchManifest(base, limits, path);
  });
  const nothing = { stored: [], manifest: undefined };
  const { stored, manifest } = await untilAborted(reading, signal).catch(() => nothing);
  if (manifest) request.abort();
  const parts = expectParts(base, links.parts, stored, { signal, stallTimeout });
  const downloaded = await network;
  request.unlink();
  const preloaded = { ...parts, files: await start };
  return { stored, manifest: manifest ?? downloaded, cached: !!manifest, preloaded };
}

/** Whether these bytes are the pinned manifest, as far as this page can tell. */
async function isPinned(bytes: Uint8Array<ArrayBuffer>, pin: string): Promise<boolean> {
  return !pin || !subtleCrypto() || (await sha256(bytes)) === pin;
}

/** The cached parts, and the cached manifest if it is the pinned one: with it a model is loaded without network. */
async function readCache(
  base: URL,
  pin: string,
  { cache: enabled, stallTimeout }: LoadOptions,
): Promise<Pick<Prefetched, "stored" | "manifest">> {
  const cache = await PartCache.open(base, enabled, stallTimeout);
  const [stored, bytes] = await Promise.all([cache.stored(), cache.get(manifestEntry(pin))]);
  const intact = bytes && subtleCrypto() && (await sha256(bytes)) === pin;
  return { stored, manifest: intact ? bytes : undefined };
}

/** Bytes of the manifest, undefined where the request failed. Raises what `manifestPin` raises. */
export async function prefetchManifest(
  base: URL,
  { signal, stallTimeout, integrity }: DownloadOptions & Pick<LoadOptions, "integrity">,
  path = MANIFEST_PATH,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const url = new URL(path, base).href;
  const pin = manifestPin(integrity);
  // "no-cache" revalidates a stored copy; by `integrity` a service worker knows which build's is wanted (web/offline/).
  const pinned = pin ? { integrity: subresourceIntegrity(pin) } : {};
  return fetchBytes(url, "no-cache", { signal, stallTimeout, ...pinned }).catch(() => undefined);
}
