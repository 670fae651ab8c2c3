/**
 * embed-<hash>.js, a classic script for pages that allow no inline script and so have no import map to pin the loader by.
 * The page pins this script by its `integrity`; it has the browser check the loader before anything imports it, pins the
 * manifest as torch2web.js does, and sets the global `torch2web`: a promise of the exports of torch2web.js.
 *
 * A global, because importing this file would also work, unpinned, in a page that lacks the tag with the hash.
 */
import type * as Main from "./main.ts";

/** Python puts the loader's file name and the hashes of a site in place of these. */
const LOADER = "__LOADER__";
const LOADER_INTEGRITY = "__LOADER_INTEGRITY__";
const MODEL_INFO_SHA256 = "__MODEL_INFO_SHA256__";

const url = new URL(LOADER, (document.currentScript as HTMLScriptElement).src).href;

/** Whether the browser has the module and found its hash right: importing it then runs the checked bytes. */
function checked(): Promise<boolean> {
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

async function exported(): Promise<Omit<typeof Main, "pinManifest">> {
  if (!(await checked())) throw new Error(`${url}: it is missing, or not the file of this build`);
  const { pinManifest, ...rest } = (await import(url)) as typeof Main;
  pinManifest(MODEL_INFO_SHA256);
  return rest;
}

Object.assign(globalThis, { torch2web: exported() });
