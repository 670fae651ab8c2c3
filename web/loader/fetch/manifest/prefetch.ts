import type { LoadOptions } from "../../api/load_options.ts";
import { fetchBytes, type DownloadOptions } from "../download.ts";
import { subresourceIntegrity } from "../integrity.ts";
import { storedParts } from "../part_cache.ts";
import { siteURL } from "../site_url.ts";
import { untilAborted } from "../until_aborted.ts";
import { manifestPin } from "./pin.ts";

export const MANIFEST_PATH = "models/model_info.json";

export interface Prefetched {
  /** Keys of the parts that were cached when the manifest was requested. */
  stored: readonly string[];
  /** Unchecked bytes of the manifest; undefined where the request failed. */
  manifest: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * Prefetches the manifest and lists the cached parts, in the page while the worker starts: one round trip less. Fails
 * only for an invalid `baseURL`; `readManifest` reports what is missing. Ends when the signal aborts.
 */
export async function prefetch(options: LoadOptions): Promise<Prefetched> {
  const { baseURL, signal } = options;
  const base = siteURL(baseURL);
  const listing = options.cache === false ? Promise.resolve([]) : storedParts(base);
  // In parallel: a browser's first access to its cache takes as long as the network.
  const [stored, manifest] = await Promise.all([
    signal ? untilAborted(listing, signal).catch(() => []) : listing,
    fetchManifest(base, options).catch(() => undefined),
  ]);
  return { stored, manifest };
}

function fetchManifest(
  base: URL,
  { signal, stallTimeout }: DownloadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const url = new URL(MANIFEST_PATH, base).href;
  // "no-cache" revalidates a stored copy; by `integrity` a service worker knows which build's is wanted (web/offline/).
  const integrity = subresourceIntegrity(manifestPin());
  return fetchBytes(url, "no-cache", { signal, stallTimeout, integrity });
}
