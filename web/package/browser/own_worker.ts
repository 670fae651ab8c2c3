/**
 * In place of `loader/fetch/chunks/own_worker.ts`: the worker's script is a string of the package, split off by the bundler
 * like a chunk and started from a `blob:` URL. Its bytes are pinned like the rest of the app's bundle.
 */
import { ownScript } from "../../loader/fetch/chunks/own_script.ts";
import type * as Replaced from "../../loader/fetch/chunks/own_worker.ts";

const PROBLEM =
  "its script was not loaded; the page's Content-Security-Policy has to allow `worker-src blob:`, or pass " +
  '{ worker: "/torch2web/torch2web.js" }, the URL of that file of the site on your own server';

let url: string | undefined;

export const prepareOwnWorkers: typeof Replaced.prepareOwnWorkers = async () => {
  let from = ownScript().shim;
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
