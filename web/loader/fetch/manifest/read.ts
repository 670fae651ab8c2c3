import { IntegrityError, ManifestError } from "../../api/errors.ts";
import type { Manifest, ModelInfo, VariantInfo } from "../../api/manifest.ts";
import { prepareHashing } from "../chunks.ts";
import { fetchBytes, type DownloadOptions } from "../download.ts";
import { sha256 } from "../integrity.ts";
import { checkManifest } from "./check.ts";
import { manifestPin } from "./pin.ts";
import { MANIFEST_PATH } from "./prefetch.ts";
import { requireSignature, type SignatureOptions } from "./signature.ts";

/**
 * The manifest, checked against the pinned hash and, if `signature` has a key, its signature. Without `prefetched` bytes
 * it is downloaded past every cache: the first try failed, for a reason that browsers do not give.
 */
export async function readManifest(
  base: URL,
  prefetched: Uint8Array<ArrayBuffer> | undefined,
  signature: SignatureOptions,
  options: DownloadOptions,
): Promise<{ manifest: Manifest; bytes: Uint8Array<ArrayBuffer> }> {
  await prepareHashing(base);
  const url = new URL(MANIFEST_PATH, base).href;
  options.signal?.throwIfAborted();
  const bytes = prefetched ?? (await fetchBytes(url, "reload", options));
  const [expected, actual] = [manifestPin(), await sha256(bytes)];
  if (actual !== expected) throw new IntegrityError(url, expected, actual);
  await requireSignature(base, url, bytes, signature, options);
  return { manifest: checkManifest(JSON.parse(new TextDecoder().decode(bytes))), bytes };
}

/** Raises ManifestError. */
export function findModel(manifest: Manifest, name: string): ModelInfo {
  const info = manifest.models.find((model) => model.name === name);
  if (info) return info;
  const names = manifest.models.map((model) => model.name).join(", ");
  throw new ManifestError("", `it has no model ${JSON.stringify(name)}; it has ${names}`);
}

/** The variant `name`, by default the first. Raises ManifestError. */
export function findVariant(info: ModelInfo, name: string | undefined): VariantInfo {
  const variant = info.variants.find((candidate) => name === undefined || candidate.name === name);
  if (variant) return variant;
  const names = info.variants.map((candidate) => candidate.name).join(", ");
  const problem = `${info.name} has no variant ${JSON.stringify(name)}; it has ${names}`;
  throw new ManifestError("", problem);
}
