import { hashBy } from "./integrity.ts";
import { importScript, preload, type Script } from "./scripts.ts";
import type * as Sha256 from "./sha256.chunk.ts";

/** Code that is needed late, or on few pages: each `<name>.chunk.ts` is bundled into a file beside the loader. */
type ChunkName = "images" | "sha256" | "signature";

/** The files of the same build; defined by the build. */
declare const __CHUNKS__: Record<ChunkName, Script>;

/** By site and name. */
const chunks = new Map<string, Promise<unknown>>();

/** The module of a chunk, checked and imported once. Raises DownloadError or IntegrityError. */
export function importChunk<Module>(base: URL, name: ChunkName): Promise<Module> {
  const key = `${base.href} ${name}`;
  let module = chunks.get(key) as Promise<Module> | undefined;
  if (!module) {
    module = preload(base, __CHUNKS__[name]).then((url) => importScript<Module>(url));
    chunks.set(key, module);
    module.catch(() => chunks.delete(key)); // the next call tries again
  }
  return module;
}

/** Loads a SHA-256 in JavaScript where browsers offer none: on pages from plain HTTP. */
export async function prepareHashing(base: URL): Promise<void> {
  if (globalThis.crypto?.subtle) return;
  hashBy((await importChunk<typeof Sha256>(base, "sha256")).sha256);
}
