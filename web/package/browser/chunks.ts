/**
 * In place of `loader/fetch/chunks/chunks.ts`: chunks come from the package by a plain `import()`, which every bundler splits
 * off, so that the bundle of the app has their bytes and no site has to have them.
 */
import type * as Replaced from "../../loader/fetch/chunks/chunks.ts";
import { setFallbackHash } from "../../loader/fetch/integrity.ts";
import { subtleCrypto } from "../../loader/fetch/subtle_crypto.ts";

/** All but the one that only `own_worker.ts` of a site imports. */
type ChunkName = Exclude<Parameters<typeof Replaced.importChunk>[0], "elsewhere">;

const CHUNKS: Record<ChunkName, () => Promise<unknown>> = {
  decoder: () => import("../../loader/fetch/chunks/decoder.chunk.ts"),
  images: () => import("../../loader/images/formats/images.chunk.ts"),
  manifest: () => import("../../loader/fetch/manifest/manifest.chunk.ts"),
  recalibrate: () => import("../../loader/load/recalibrate/recalibrate.chunk.ts"),
  sha256: () => import("../../loader/fetch/chunks/sha256.chunk.ts"),
  tasks: () => import("../../loader/tasks/tasks.chunk.ts"),
  watch: () => import("../../loader/load/watch.chunk.ts"),
  weights: () => import("../../loader/backends/onnxruntime/weights.chunk.ts"),
};

export const importChunk: typeof Replaced.importChunk = (name) => CHUNKS[name as ChunkName]();

export const prepareHashing: typeof Replaced.prepareHashing = async () => {
  if (subtleCrypto()) return;
  setFallbackHash((await import("../../loader/fetch/chunks/sha256.chunk.ts")).sha256);
};
