/** In place of `loader/fetch/self_integrity.ts` in the worker: threads run its own script, a `blob:` in memory. */
import type * as Replaced from "../../loader/fetch/self_integrity.ts";

export const checkOwnScript: typeof Replaced.checkOwnScript = async () => new URL(location.href);

export { whyNotLoaded } from "../browser/why_not_loaded.ts";
