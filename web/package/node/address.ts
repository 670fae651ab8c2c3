import { builtin } from "./builtin.ts";

/** An address of two letters or more before the colon: one is a drive of Windows. */
const ABSOLUTE = /^[a-z][a-z0-9+.-]+:/i;

/** A URL, or a path relative to the working directory, as a URL. */
export function urlOf(address: string | URL): URL {
  if (address instanceof URL || ABSOLUTE.test(address)) return new URL(address);
  return builtin("node:url").pathToFileURL(address);
}
