/** Large catalogues: `converter/torch2web/site/manifest/split.py` writes model_info.json without the models' entries. */
import type { FileInfo, Manifest } from "../../api/manifest.ts";

/** Files by the model's name. */
export type Entries = Record<string, FileInfo>;

/** model_info.json of a large catalogue. */
export interface ManifestIndex extends Omit<Manifest, "schema_version" | "models"> {
  schema_version: 2;
  /** In a catalogue of one page. */
  entries?: Entries;
  /** Files with such entries, in the order of names; `first` is the first name of one. */
  pages?: (FileInfo & { first: string })[];
  /** Files that lists are made of, in the order of the catalogue. */
  listing: FileInfo[];
}

/** The page with the model `name`, if any has it; undefined in a catalogue of one page. */
export function pageOf(
  { pages = [] }: Pick<ManifestIndex, "pages">,
  name: string,
): FileInfo | undefined {
  return pages.filter(({ first }, number) => first <= name || number === 0).at(-1);
}
