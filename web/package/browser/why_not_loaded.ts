import type * as Replaced from "../../loader/fetch/self_integrity.ts";

/** Why a worker from a `blob:` did not start, where the browser does not tell. */
export const whyNotLoaded: typeof Replaced.whyNotLoaded = () =>
  "its script was refused; the page's Content-Security-Policy has to allow `worker-src blob:`";
