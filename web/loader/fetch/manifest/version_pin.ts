import type { LoadOptions } from "../../api/load_options.ts";
import { importChunk } from "../chunks/chunks.ts";
import { fetchBytes } from "../download.ts";
import { subresourceIntegrity } from "../integrity.ts";
import type * as Chunk from "./manifest.chunk.ts";
import { hasVersion } from "./pin.ts";
import { requireSignature } from "./signature.ts";

/**
 * The `integrity` of the manifest that `name` means, as `options` say, else for a name with a version as the store's
 * index says, which is signed where the manifest has to be. Raises ManifestError, DownloadError or SignatureError.
 */
export async function versionIntegrity(
  name: string,
  base: URL,
  options: LoadOptions,
): Promise<string | undefined> {
  const { signal, stallTimeout, integrity } = options;
  if (integrity !== undefined || !hasVersion(name)) return integrity;
  const url = new URL("versions.json", base).href;
  const limits = { signal, stallTimeout };
  const bytes = await fetchBytes(url, "no-cache", limits);
  await requireSignature(url, bytes, options, limits);
  const { pinInIndex } = (await importChunk("manifest")) as typeof Chunk;
  const signedAt = "publicKey" in options ? url : undefined;
  return subresourceIntegrity(pinInIndex(bytes, name, signedAt));
}
