import { ManifestError } from "../../api/errors.ts";
import type { Manifest } from "../../api/manifest.ts";

/** The version of model_info.json that this loader reads. */
const SCHEMA_VERSION = 1;

/**
 * Checks that this loader reads `data`, the parsed bytes of the pinned manifest. The build checked every entry against
 * the schema before it pinned these bytes, and any other bytes are an IntegrityError. Raises ManifestError.
 */
export function checkManifest(data: unknown): Manifest {
  const version: unknown = (data as Manifest | null)?.schema_version;
  if (version === SCHEMA_VERSION) return data as Manifest;
  const found = version === undefined ? "is missing" : `found ${JSON.stringify(version)}`;
  throw new ManifestError("schema_version", `${found}, expected ${SCHEMA_VERSION}`);
}
