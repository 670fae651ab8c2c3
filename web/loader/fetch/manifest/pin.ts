import { ManifestError } from "../../api/errors.ts";

let pinned: string | undefined;

/**
 * Sets the SHA-256 of the only model_info.json that this loader accepts. The stub torch2web.js calls it with the hash of
 * its site, so that the loader is the same file in every site. Raises ManifestError where another hash is set.
 */
export function pinManifest(sha256: string): void {
  if (pinned !== undefined && pinned !== sha256) {
    const problem = `this page already uses the build with SHA-256 ${pinned}, found ${sha256}; reload the page`;
    throw new ManifestError("", problem);
  }
  pinned = sha256;
}

/** The pinned SHA-256, in hex. Raises ManifestError where the loader was imported without its stub. */
export function manifestPin(): string {
  if (pinned === undefined) {
    throw new ManifestError(
      "",
      "its SHA-256 is not pinned; import torch2web.js, not torch2web-….js",
    );
  }
  return pinned;
}
