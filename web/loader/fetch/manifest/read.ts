import { IntegrityError, ManifestError } from "../../api/errors.ts";
import type { LoadOptions } from "../../api/load_options.ts";
import type { Manifest, ModelInfo, VariantInfo } from "../../api/manifest.ts";
import { prepareHashing } from "../chunks/chunks.ts";
import { fetchBytes, type DownloadOptions } from "../download.ts";
import { sha256 } from "../integrity.ts";
import { checkManifest } from "./check.ts";
import type { ManifestIndex } from "./pages.ts";
import { hasVersion, manifestPath, manifestPin } from "./pin.ts";
import { requireSignature, type SignatureOptions } from "./signature.ts";

/**
 * The manifest with its hash, checked against the pinned one and, if `given` has a key, its signature. Without `prefetched` bytes
 * it is downloaded past every cache: the first try failed, for a reason that browsers do not give. `name` is the model's,
 * with a version where a store's manifest of another build is meant.
 */
export async function readManifest(
  base: URL,
  prefetched: Uint8Array<ArrayBuffer> | undefined,
  given: SignatureOptions & Pick<LoadOptions, "integrity">,
  options: DownloadOptions,
  name = "",
): Promise<{
  manifest: Manifest | ManifestIndex;
  bytes: Uint8Array<ArrayBuffer>;
  hash: string;
  pinned: boolean;
}> {
  await prepareHashing();
  const expected = manifestPin(given.integrity);
  const url = new URL(manifestPath(name, expected), base).href;
  options.signal?.throwIfAborted();
  const bytes = prefetched ?? (await fetchBytes(url, "reload", options));
  const hash = await sha256(bytes);
  if (expected && hash !== expected) throw new IntegrityError(url, expected, hash);
  await requireSignature(url, bytes, given, options);
  const manifest = await checkManifest(parsed(bytes));
  return { manifest, bytes, hash, pinned: expected !== "" };
}

/** Raises ManifestError: bytes that nothing pins may be anything, such as a page. */
function parsed(bytes: Uint8Array<ArrayBuffer>): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new ManifestError("", `it is no JSON: ${String(error)}`);
  }
}

/** The model `name`, of the version after `@` if there is one. Raises ManifestError. */
export function findModel(manifest: Manifest, name: string): ModelInfo {
  const [plain, wanted = "latest"] = name.split("@");
  const info = manifest.models.find((model) => model.name === plain);
  if (info && (wanted === "latest" || `${info.version}.`.startsWith(`${wanted}.`))) return info;
  const nameOf = (model: ModelInfo): string =>
    hasVersion(name) ? `${model.name}@${model.version}` : model.name;
  const names = manifest.models.map(nameOf).join(", ");
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
