import { BackendError } from "../../api/errors.ts";
import { importChunk } from "../chunks/chunks.ts";
import type * as Chunk from "./manifest.chunk.ts";
import type { AnyManifest } from "./other_version.ts";

/** What `adviceFor` says of site and loader; empty where it cannot be loaded. */
export async function versionAdvice(...about: Parameters<typeof Chunk.adviceFor>): Promise<string> {
  try {
    return ((await importChunk("manifest")) as typeof Chunk).adviceFor(...about);
  } catch {
    return ""; // no network
  }
}

/** `error`; a BackendError with `versionAdvice`, as another version may be the cause. */
export async function advised(error: unknown, manifest: AnyManifest): Promise<unknown> {
  if (!(error instanceof BackendError)) return error;
  const advice = await versionAdvice(manifest);
  if (error.message.endsWith(advice)) return error; // such as ""
  return new BackendError(error.message + advice, { cause: error });
}
