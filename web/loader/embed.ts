/**
 * embed-<hash>.js, a classic script for pages that allow no inline script and so have no import map to pin the loader by.
 * The page pins this script by its `integrity`; it has the browser check the loader before anything imports it, pins the
 * manifest as torch2web.js does, and sets the global `torch2web`: a promise of the exports of torch2web.js.
 *
 * A global, because importing this file would also work, unpinned, in a page that lacks the tag with the hash.
 */
import { importPinned } from "./pinned.ts";

const { src } = document.currentScript as HTMLScriptElement;

Object.assign(globalThis, { torch2web: importPinned(src) });
