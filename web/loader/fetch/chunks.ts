import { setFallbackHash } from "./integrity.ts";
import { importScript, preload, type Script } from "./scripts.ts";
import type * as Sha256 from "./sha256.chunk.ts";
import { subtleCrypto } from "./subtle_crypto.ts";

/** Code that is loaded on demand: the build bundles each `<name>.chunk.ts` into a file beside the loader. */
type ChunkName =
  | "decoder"
  | "elsewhere"
  | "images"
  | "recalibrate"
  | "sha256"
  | "signature"
  | "tasks"
  | "watch"
  | "weights";

/** The chunks of this build; defined by the build. */
declare const __CHUNKS__: Record<ChunkName, Script>;

/** By site and name. */
const chunks = new Map<string, Promise<unknown>>();

/** The module of a chunk, checked and imported once. Raises DownloadError or IntegrityError. */
export function importChunk(base: URL, name: ChunkName): Promise<unknown> {
  const key = `${base.href} ${name}`;
  let module = chunks.get(key);
  if (!module) {
    module = preload(base, __CHUNKS__[name]).then(importScript);
    chunks.set(key, module);
    module.catch(() => chunks.delete(key)); // the next call tries again
  }
  return module;
}

/** Loads SHA-256 in JavaScript on pages where WebCrypto is unavailable. */
export async function prepareHashing(base: URL): Promise<void> {
  if (subtleCrypto()) return;
  const { sha256 } = (await importChunk(base, "sha256")) as typeof Sha256;
  setFallbackHash(sha256);
}
