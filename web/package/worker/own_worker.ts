/** In place of `loader/fetch/chunks/own_worker.ts` in the worker: threads run its own script, a `blob:` in memory. */
import type * as Replaced from "../../loader/fetch/chunks/own_worker.ts";

export const prepareOwnWorkers: typeof Replaced.prepareOwnWorkers = async () => async (name) => ({
  worker: new Worker(location.href, { type: "module", name }),
  problem: "its script was not loaded",
});
