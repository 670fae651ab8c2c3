/** Names and messages that the service worker and the page share. */

/** Prefix of the names of the caches with the shell of the site at `base`, in all versions. */
export function shellPrefix(scope: string, base: string): string {
  return `torch2web-offline ${scope} ${base} `;
}

/** Asks the worker to cache the shell again after it was deleted; answered through the port with a KeepResult. */
export const KEEP = "torch2web keep";

/** Why it failed; empty where it did not. */
export type KeepResult = string;

/** Tells a waiting worker to become active, if this page is the only one open. */
export const TAKE_OVER = "torch2web take over";

export type Message =
  | { type: typeof KEEP }
  /** `stub` is the `integrity` of the page's torch2web.js, which identifies its build. */
  | { type: typeof TAKE_OVER; stub: string };
