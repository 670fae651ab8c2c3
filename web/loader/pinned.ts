/**
 * The loader for scripts that pin it themselves: the browser checks its bytes before anything of it runs. Python puts the
 * loader's file name and the hashes of a site in place of the placeholders.
 */
import type * as Main from "./main.ts";

const LOADER = "__LOADER__";
const LOADER_INTEGRITY = "__LOADER_INTEGRITY__";
const MODEL_INFO_SHA256 = "__MODEL_INFO_SHA256__";

/** The exports of torch2web.js. */
export type Exports = Omit<typeof Main, "pinManifest">;

/** Whether the browser has the module and found its hash right: importing it then runs the checked bytes. */
function checked(url: string): Promise<boolean> {
  const link = document.createElement("link");
  const script = document.createElement("script");
  const element = link.relList.supports("modulepreload") ? link : script;
  element.integrity = LOADER_INTEGRITY;
  element.crossOrigin = "anonymous";
  const done = new Promise<boolean>((resolve) => {
    element.onload = () => resolve(true);
    element.onerror = () => resolve(false);
  });
  if (element === link) {
    link.rel = "modulepreload";
    link.href = url;
  } else {
    script.type = "module";
    script.src = url;
  }
  document.head.append(element);
  return done;
}

/**
 * The loader beside the script at `address`, with the manifest pinned as torch2web.js does, when `ready` has settled too.
 * Raises Error.
 */
export async function importPinned(address: string, ready?: Promise<void>): Promise<Exports> {
  const url = new URL(LOADER, address).href;
  const [intact] = await Promise.all([checked(url), ready]);
  if (!intact) throw new Error(`${url}: it is missing, or not the file of this build`);
  const { pinManifest, ...rest } = (await import(url)) as typeof Main;
  pinManifest(MODEL_INFO_SHA256);
  return rest;
}
