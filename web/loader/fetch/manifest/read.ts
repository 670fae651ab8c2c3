import { IntegrityError, ManifestError } from "../../api/errors.ts";
import type { Manifest, ModelInfo, VariantInfo } from "../../api/manifest.ts";
import { prepareHashing } from "../chunks.ts";
import { fetchBytes, type DownloadOptions } from "../download.ts";
import { sha256, subresourceIntegrity } from "../integrity.ts";
import { checkManifest } from "./check.ts";
import { manifestPin } from "./pin.ts";
import { requireSignature, type Signed } from "./signature.ts";

const MANIFEST_PATH = "models/model_info.json";

/** Where the site's files are: `baseURL`, else beside this loader. Always ends with a slash. */
export function siteURL(baseURL: string | URL | undefined): URL {
  if (baseURL === undefined) return new URL("./", import.meta.url);
  const url = new URL(baseURL, globalThis.document?.baseURI ?? globalThis.location.href);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

/** The bytes of model_info.json as the first try gives them. Raises DownloadError or the signal's reason. */
export function firstManifest(
  base: URL,
  { signal, stallTimeout }: DownloadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const url = new URL(MANIFEST_PATH, base).href;
  // "no-cache" asks the server whether the stored copy is still the right one; `integrity` tells a service worker
  // which build's it has to be (web/offline/).
  const integrity = subresourceIntegrity(manifestPin());
  return fetchBytes(url, "no-cache", { signal, stallTimeout, integrity });
}

/**
 * Checks that the manifest is the pinned one, and signed where asked for. Where the first try gave
 * nothing it is fetched once more, past every cache: browsers do not say what else they got.
 */
export async function readManifest(
  base: URL,
  first: Uint8Array<ArrayBuffer> | undefined,
  signed: Signed,
  options: DownloadOptions,
): Promise<Manifest> {
  await prepareHashing(base);
  const url = new URL(MANIFEST_PATH, base).href;
  options.signal?.throwIfAborted();
  const bytes = first ?? (await fetchBytes(url, "reload", options));
  const [expected, actual] = [manifestPin(), await sha256(bytes)];
  if (actual !== expected) throw new IntegrityError(url, expected, actual);
  await requireSignature(base, url, bytes, signed, options);
  return checkManifest(JSON.parse(new TextDecoder().decode(bytes)));
}

export function findModel(manifest: Manifest, name: string): ModelInfo {
  const info = manifest.models.find((model) => model.name === name);
  if (info) return info;
  const names = manifest.models.map((model) => model.name).join(", ");
  throw new ManifestError("", `it has no model ${JSON.stringify(name)}; it has ${names}`);
}

/** The variant called `name`, else the first, which the build puts there as the default. */
export function findVariant(info: ModelInfo, name: string | undefined): VariantInfo {
  const variant = info.variants.find((candidate) => name === undefined || candidate.name === name);
  if (variant) return variant;
  const names = info.variants.map((candidate) => candidate.name).join(", ");
  throw new ManifestError(
    "",
    `${info.name} has no variant ${JSON.stringify(name)}; it has ${names}`,
  );
}
