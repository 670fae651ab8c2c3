/** In place of `loader/fetch/chunks/chunks.ts` where all code is in one file: in the worker of the package, and in Node. */
import type * as Replaced from "../../loader/fetch/chunks/chunks.ts";
import * as decoder from "../../loader/fetch/chunks/decoder.chunk.ts";
import { setFallbackHash } from "../../loader/fetch/integrity.ts";
import * as sha256 from "../../loader/fetch/chunks/sha256.chunk.ts";
import * as manifest from "../../loader/fetch/manifest/manifest.chunk.ts";
import { subtleCrypto } from "../../loader/fetch/subtle_crypto.ts";
import * as images from "../../loader/images/formats/images.chunk.ts";
import * as watch from "../../loader/load/watch.chunk.ts";
import * as tasks from "../../loader/tasks/tasks.chunk.ts";

/** All but those that only pages import. */
type ChunkName = Exclude<
  Parameters<typeof Replaced.importChunk>[0],
  "elsewhere" | "recalibrate" | "weights"
>;

const CHUNKS: Record<ChunkName, unknown> = { decoder, images, manifest, sha256, tasks, watch };

export const importChunk: typeof Replaced.importChunk = async (name) => CHUNKS[name as ChunkName];

export const prepareHashing: typeof Replaced.prepareHashing = async () => {
  if (!subtleCrypto()) setFallbackHash(sha256.sha256);
};
