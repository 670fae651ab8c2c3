import type { LoadOptions } from "../../api/load_options.ts";
import { fetchBytes, type DownloadOptions } from "../download.ts";
import { sha256, subresourceIntegrity } from "../integrity.ts";
import { LinkedController } from "../linked_controller.ts";
import { manifestEntry, PartCache } from "../part_cache.ts";
import { siteURL } from "../site_url.ts";
import { subtleCrypto } from "../subtle_crypto.ts";
import { untilAborted } from "../until_aborted.ts";
import { manifestPin } from "./pin.ts";

export const MANIFEST_PATH = "models/model_info.json";

export interface Prefetched {
  /** Keys of the parts that were cached when the manifest was requested. */
  stored: readonly string[];
  /** Bytes of the manifest, unchecked unless they were cached; undefined where the request failed. */
  manifest: Uint8Array<ArrayBuffer> | undefined;
  /** Whether the manifest was cached. */
  cached: boolean;
}

/**
 * Prefetches the manifest and lists the cached parts, in the page while the worker starts: one round trip less. Fails
 * only for an invalid `baseURL`; `readManifest` reports what is missing. Ends when the signal aborts.
 */
export async function prefetch(options: LoadOptions): Promise<Prefetched> {
  const { baseURL, signal } = options;
  const base = siteURL(baseURL);
  const request = new LinkedController(signal);
  // In parallel: a browser's first access to its cache takes as long as the network.
  const network = prefetchManifest(base, { ...options, signal: request.signal });
  const reading = readCache(base, options);
  const nothing = { stored: [], manifest: undefined };
  const { stored, manifest } = await untilAborted(reading, signal).catch(() => nothing);
  if (manifest) request.abort();
  const downloaded = await network;
  request.unlink();
  return { stored, manifest: manifest ?? downloaded, cached: !!manifest };
}

/** The cached parts, and the cached manifest if it is the pinned one: with it a model is loaded without network. */
async function readCache(
  base: URL,
  { cache: enabled, stallTimeout, integrity }: LoadOptions,
): Promise<Pick<Prefetched, "stored" | "manifest">> {
  const cache = await PartCache.open(base, enabled, stallTimeout);
  const pin = manifestPin(integrity);
  const [stored, bytes] = await Promise.all([cache.stored(), cache.get(manifestEntry(pin))]);
  const intact = bytes && subtleCrypto() && (await sha256(bytes)) === pin;
  return { stored, manifest: intact ? bytes : undefined };
}

/** Bytes of the manifest, undefined where the request failed. Raises what `manifestPin` raises. */
export async function prefetchManifest(
  base: URL,
  { signal, stallTimeout, integrity }: DownloadOptions & Pick<LoadOptions, "integrity">,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const url = new URL(MANIFEST_PATH, base).href;
  const pin = manifestPin(integrity);
  // "no-cache" revalidates a stored copy; by `integrity` a service worker knows which build's is wanted (web/offline/).
  const pinned = pin ? { integrity: subresourceIntegrity(pin) } : {};
  return fetchBytes(url, "no-cache", { signal, stallTimeout, ...pinned }).catch(() => undefined);
}
