/** Reads the entry of one model where model_info.json, of a large catalogue, has none. */
import { ManifestError } from "../../api/errors.ts";
import type { FileInfo, Manifest, ModelInfo } from "../../api/manifest.ts";
import type { Delivery } from "../delivery.ts";
import { catalogFile } from "../part_cache.ts";
import { pageOf, type Entries, type ManifestIndex } from "./pages.ts";

/** A checked file of the catalogue, parsed. Raises DownloadError, IntegrityError, or the signal's reason. */
export async function readCatalog(delivery: Delivery, file: FileInfo): Promise<unknown> {
  const { size, sha256, path } = file;
  const bytes = await delivery.fetchWhole({ size, sha256, parts: [catalogFile(file)] }, path);
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** A manifest with entries of models; of a large catalogue also with the page that names the entry. */
type JoinedManifest = Manifest & Pick<ManifestIndex, "entries" | "pages">;

/** The manifest; of a large catalogue, with the model `name` alone. Raises ManifestError and what `readCatalog` raises. */
export async function withEntry(
  found: Manifest | ManifestIndex,
  name: string,
  delivery: Delivery,
): Promise<JoinedManifest> {
  if (found.schema_version === 1) return found;
  const [plain = ""] = name.split("@");
  const page = pageOf(found, plain);
  const entries = found.entries ?? ((await readCatalog(delivery, page!)) as Entries);
  if (!Object.hasOwn(entries, plain)) {
    const problem = `it has no model ${JSON.stringify(name)}; listModels() says which it has`;
    throw new ManifestError("", problem);
  }
  const info = (await readCatalog(delivery, entries[plain]!)) as ModelInfo;
  return { ...found, entries, schema_version: 1, models: [info] };
}
