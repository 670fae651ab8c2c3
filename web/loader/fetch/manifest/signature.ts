import type { PublicKey } from "../../api/load_options.ts";
import { DownloadError, SignatureError } from "../../api/errors.ts";
import { importChunk } from "../chunks.ts";
import { fetchBytes, type DownloadOptions } from "../download.ts";
import type * as Signature from "./signature.chunk.ts";

/** What a signature is insisted on by; without the property none is needed. */
export interface Signed {
  publicKey?: PublicKey;
}

/**
 * Raises SignatureError unless the file beside `url`, with `.sig` behind its name, signs `bytes` with the private
 * key of `publicKey`.
 */
export async function requireSignature(
  base: URL,
  url: string,
  bytes: Uint8Array<ArrayBuffer>,
  signed: Signed,
  options: DownloadOptions,
): Promise<void> {
  // A key that is there by name and undefined, as by a setting that was forgotten, must not turn the check off.
  if (!("publicKey" in signed)) return;
  const signatureURL = `${url}.sig`;
  const { problemOf } = await importChunk<typeof Signature>(base, "signature");
  let bundle: Uint8Array<ArrayBuffer>;
  try {
    bundle = await fetchBytes(signatureURL, "no-cache", options);
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    const reason = `found ${error.actual}, expected a signature; build with --sign and deploy all of site/`;
    throw new SignatureError(signatureURL, reason, error);
  }
  const reason = await problemOf(bundle, bytes, signed.publicKey);
  options.signal?.throwIfAborted();
  if (reason) throw new SignatureError(signatureURL, reason);
}
