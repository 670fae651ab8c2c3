import { hashBy } from "./integrity.ts";
import type * as Pictures from "./parts/pictures.ts";
import type * as Sha256 from "./parts/sha256.ts";
import type * as Signature from "./parts/signature.ts";
import { importScript, preload, type Script } from "./scripts.ts";

/** What the loader keeps in files of its own, beside it: what is needed late, or on few pages. */
interface Parts {
  pictures: typeof Pictures;
  sha256: typeof Sha256;
  signature: typeof Signature;
}

/** Their files of the same build; put here by the build. */
declare const __PARTS__: Record<keyof Parts, Script>;

/** By site and name. */
const parts = new Map<string, Promise<unknown>>();

/** A part of the loader, checked and imported once. Raises DownloadError or IntegrityError. */
export function part<Name extends keyof Parts>(base: URL, name: Name): Promise<Parts[Name]> {
  const key = `${base.href} ${name}`;
  let module = parts.get(key) as Promise<Parts[Name]> | undefined;
  if (!module) {
    module = preload(base, __PARTS__[name]).then((url) => importScript<Parts[Name]>(url));
    parts.set(key, module);
    module.catch(() => parts.delete(key)); // the next call tries again
  }
  return module;
}

/** Has the loader hash by itself where the browser does not: on pages from plain HTTP. */
export async function prepareHashing(base: URL): Promise<void> {
  if (!globalThis.crypto?.subtle) hashBy((await part(base, "sha256")).sha256);
}
