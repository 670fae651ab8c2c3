import { setFallbackHash } from "../integrity.ts";
import { ownScript } from "./own_script.ts";
import { importScript, preload, type Script } from "./scripts.ts";
import type * as Sha256 from "./sha256.chunk.ts";
import { subtleCrypto } from "../subtle_crypto.ts";

/** Code that is loaded on demand: the build bundles each `<name>.chunk.ts` into a file beside the loader. */
type ChunkName =
  | "decoder"
  | "elsewhere"
  | "images"
  | "manifest"
  | "recalibrate"
  | "sha256"
  | "tasks"
  | "watch"
  | "weights";

/** The chunks of this build; defined by the build. */
declare const __CHUNKS__: Record<ChunkName, Script>;

const chunks = new Map<ChunkName, Promise<unknown>>();

/**
 * The module of a chunk, checked and imported once. It is beside this script, as another site that a page names may be of
 * another version. Raises DownloadError or IntegrityError.
 */
export function importChunk(name: ChunkName): Promise<unknown> {
  let module = chunks.get(name);
  if (!module) {
    // A worker may run from a copy of this script; a page of the npm package only names its build.
    const script = new URL(ownScript().url, import.meta.url);
    module = preload(script, __CHUNKS__[name]).then(importScript);
    chunks.set(name, module);
    module.catch(() => chunks.delete(name)); // the next call tries again
  }
  return module;
}

/** Loads SHA-256 in JavaScript on pages where WebCrypto is unavailable. */
export async function prepareHashing(): Promise<void> {
  if (subtleCrypto()) return;
  const { sha256 } = (await importChunk("sha256")) as typeof Sha256;
  setFallbackHash(sha256);
}
