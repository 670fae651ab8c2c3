/**
 * In place of `loader/fetch/self_integrity.ts`: the worker's script is a string of the package, split off by the
 * bundler like a chunk and started from a `blob:` URL. Its bytes are pinned like the rest of the app's bundle.
 */
import type * as Replaced from "../../loader/fetch/self_integrity.ts";

export { whyNotLoaded } from "./why_not_loaded.ts";

let url: URL | undefined;

export const checkOwnScript: typeof Replaced.checkOwnScript = async () => {
  const { default: source } = await import("worker source");
  url ??= new URL(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  return url;
};
