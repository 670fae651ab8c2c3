import { ManifestError } from "../../api/errors.ts";
import type { Manifest } from "../../api/manifest.ts";
import type { ManifestIndex } from "./pages.ts";
import type { AnyManifest } from "./other_version.ts";
import { versionAdvice } from "./versions.ts";

/** The versions of model_info.json that this loader reads: 2 of large catalogues. */
const VERSIONS: readonly unknown[] = [1, 2];

/**
 * Checks that this loader reads `data`, the parsed bytes of the pinned manifest. The build checked every entry against
 * the schema before it pinned these bytes, and any other bytes are an IntegrityError. Raises ManifestError, which
 * says what to do where the site is of another version.
 */
export async function checkManifest(data: unknown): Promise<Manifest | ManifestIndex> {
  const version: unknown = (data as Manifest | null)?.schema_version;
  if (VERSIONS.includes(version)) return data as Manifest | ManifestIndex;
  const found = version === undefined ? "is missing" : `found ${JSON.stringify(version)}`;
  const advice = await versionAdvice(data as AnyManifest);
  throw new ManifestError(
    "schema_version",
    `${found}, expected ${VERSIONS.join(" or ")}.${advice}`,
  );
}
