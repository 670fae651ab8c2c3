/**
 * In place of `loader/fetch/own_worker.ts`: the worker's script is a string of the package, split off by the bundler
 * like a chunk and started from a `blob:` URL. Its bytes are pinned like the rest of the app's bundle.
 */
import type * as Replaced from "../../loader/fetch/own_worker.ts";

const PROBLEM =
  "its script was not loaded; the page's Content-Security-Policy has to allow `worker-src blob:`, or pass " +
  '{ worker: "/torch2web/torch2web.js" }, the URL of that file of the site on your own server';

/** `import.meta.url` stands for the build. */
let own: Replaced.OwnScript = { url: import.meta.url, shim: undefined };
let url: string | undefined;

export const ownScript: typeof Replaced.ownScript = () => own;

export const setOwnScript: typeof Replaced.setOwnScript = (script) => {
  own = script;
};

export const prepareOwnWorkers: typeof Replaced.prepareOwnWorkers = async () => {
  let from = own.shim;
  if (!from) {
    const { default: source } = await import("worker source");
    url ??= URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    from = url;
  }
  return async (name) => ({
    worker: new Worker(from, { type: "module", name }),
    problem: PROBLEM,
  });
};
