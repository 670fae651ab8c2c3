/** What every load begins with, had by the page while its worker starts: a round trip less. */
import type { LoadOptions } from "../../api/load_options.ts";
import { storedParts } from "../part_cache.ts";
import { untilAborted } from "../single_flight.ts";
import { firstManifest, siteURL } from "./read.ts";

export interface Beginning {
  /** What this device had of the site about when the manifest was asked for. */
  stored: readonly string[];
  /** Bytes that nobody has checked yet; undefined where the first try failed. */
  manifest: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * Never fails, unless `options` have an address that is none: whoever uses it finds out why there is nothing. Ends at once
 * when the signal is aborted.
 */
export async function begin(options: LoadOptions): Promise<Beginning> {
  const { baseURL, signal } = options;
  const base = siteURL(baseURL);
  const listing = options.cache === false ? [] : storedParts(base);
  // Not one after the other: a browser's first look at its cache takes as long as the network's answer.
  const [stored, manifest] = await Promise.all([
    signal ? untilAborted(Promise.resolve(listing), signal).catch(() => []) : listing,
    firstManifest(base, options).catch(() => undefined),
  ]);
  return { stored, manifest };
}
