import { DownloadError, SignatureError } from "../../api/errors.ts";
import type { PublicKey } from "../../api/load_options.ts";
import { importChunk } from "../chunks/chunks.ts";
import { fetchBytes, type DownloadOptions } from "../download.ts";
import type * as Chunk from "./manifest.chunk.ts";

/** A signature is required if the property is present. */
export interface SignatureOptions {
  publicKey?: PublicKey;
}

/**
 * Checks that the signature beside `url`, `<url>.sig`, signs `bytes` with the private key of `publicKey`. Raises
 * SignatureError.
 */
export async function requireSignature(
  url: string,
  bytes: Uint8Array<ArrayBuffer>,
  signature: SignatureOptions,
  options: DownloadOptions,
): Promise<void> {
  // A property that is present and undefined, such as a missing setting, must not disable the check.
  if (!("publicKey" in signature)) return;
  const signatureURL = `${url}.sig`;
  const { problemOf } = (await importChunk("manifest")) as typeof Chunk;
  let bundle: Uint8Array<ArrayBuffer>;
  try {
    bundle = await fetchBytes(signatureURL, "no-cache", options);
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    const reason = `found ${error.actual}, expected a signature; build with --sign, publish with it where there is a store, and deploy all files`;
    throw new SignatureError(signatureURL, reason, error);
  }
  const reason = await problemOf(bundle, bytes, signature.publicKey);
  options.signal?.throwIfAborted();
  if (reason) throw new SignatureError(signatureURL, reason);
}
