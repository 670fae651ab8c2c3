/** In place of `loader/fetch/own_worker.ts` in the worker: threads run its own script, a `blob:` in memory. */
import type * as Replaced from "../../loader/fetch/own_worker.ts";

let own: Replaced.OwnScript = { url: import.meta.url, shim: undefined };

export const ownScript: typeof Replaced.ownScript = () => own;

export const setOwnScript: typeof Replaced.setOwnScript = (script) => {
  own = script;
};

export const prepareOwnWorkers: typeof Replaced.prepareOwnWorkers = async () => async (name) => ({
  worker: new Worker(location.href, { type: "module", name }),
  problem: "its script was not loaded",
});
