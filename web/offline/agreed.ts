/** What the service worker and the page agree on. */

/** How the names of the caches start that hold the shell of the site at `base`, in all of its versions. */
export function shellPrefix(scope: string, base: string): string {
  return `torch2web-offline ${scope} ${base} `;
}

/** Asks the worker to keep the shell again, where it is gone; answered through the port with a Kept. */
export const KEEP = "torch2web keep";

/** Empty where all went well. */
export type Kept = string;

/** Tells a worker that waits that nobody needs the one before it, if the page is the only one open. */
export const TAKE_OVER = "torch2web take over";

export type Message =
  | { type: typeof KEEP }
  /** `stub`: `integrity` of the torch2web.js that the page runs, which identifies its build. */
  | { type: typeof TAKE_OVER; stub: string };
