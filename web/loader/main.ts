/**
 * Entry of the bundle torch2web-<hash>.js. The stub torch2web.js pins the manifest and exports the rest to the page; the
 * same script also runs as the page's worker and as a thread of the compiled engine.
 */
import { serveAsThread } from "./backends/compiled/threads.ts";
import { WORKER_METHODS } from "./load/worker_methods.ts";
import { serveAsWorker } from "./worker/serve.ts";

export { pinManifest } from "./fetch/manifest/pin.ts";
export * from "./torch2web.ts";

serveAsWorker(WORKER_METHODS);
serveAsThread();
