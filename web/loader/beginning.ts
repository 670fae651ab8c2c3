/** What every load begins with, had by the page while its worker starts: a round trip less. */
import { storedParts } from "./cache.ts";
import type { LoadOptions } from "./model.ts";
import { firstManifest, siteURL } from "./site.ts";

export interface Beginning {
  /** What this device had of the site when the manifest was asked for. */
  stored: readonly string[];
  /** Bytes that nobody has checked yet; undefined where the first try failed. */
  manifest: Uint8Array<ArrayBuffer> | undefined;
}

/** Never fails: whoever uses it finds out why there is nothing. */
export async function begin(options: LoadOptions): Promise<Beginning> {
  const base = siteURL(options.baseURL);
  // Not one after the other: a browser's first look at its cache takes as long as the network's answer.
  const [stored, manifest] = await Promise.all([
    options.cache === false ? [] : storedParts(base),
    firstManifest(base, options).catch(() => undefined),
  ]);
  return { stored, manifest };
}
