import { ManifestError } from "../../api/errors.ts";
import { hexOf } from "../integrity.ts";

/** Of a site. */
export const MANIFEST_PATH = "models/model_info.json";

/** Whether a model's name says a version, such as `mobilenet_emotion@1`: the site is in a store of versions then. */
export function hasVersion(name: string): boolean {
  return name.includes("@");
}

/** Path of the manifest with the SHA-256 `pin` for the model `name`. */
export function manifestPath(name: string, pin: string): string {
  return hasVersion(name) ? `models/model_info-${pin.slice(0, 32)}.json` : MANIFEST_PATH;
}

let pinned: string | undefined;

/**
 * Sets the SHA-256 of the only model_info.json that this loader accepts. The stub torch2web.js calls it with the hash of
 * its site, so that the loader is the same file in every site; the npm package with "", which accepts any. Raises
 * ManifestError where another hash is set.
 */
export function pinManifest(sha256: string): void {
  // The npm package's worker may be a site's torch2web.js, which pins it already.
  if (pinned && !sha256) return;
  if (pinned !== undefined && pinned !== sha256) {
    const problem = `this page already uses the build with SHA-256 ${pinned}, found ${sha256}; reload the page`;
    throw new ManifestError("", problem);
  }
  pinned = sha256;
}

/** What `pinManifest` set. */
export function stubPin(): string | undefined {
  return pinned;
}

/**
 * The pinned SHA-256, in hex: of the option `integrity`, else the loader's; "" where nothing is pinned. Raises RangeError
 * for another `integrity`, and ManifestError where the loader was imported without its stub.
 */
export function manifestPin(integrity: string | undefined): string {
  if (integrity !== undefined) return hexOf(integrity);
  if (pinned !== undefined) return pinned;
  throw new ManifestError("", "its SHA-256 is not pinned; import torch2web.js, not torch2web-….js");
}
