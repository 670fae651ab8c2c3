/** Entry of the package's worker: a copy of the loader with all of its chunks, which starts from a `blob:` URL. */
import { serveAsThread } from "../loader/backends/compiled/threads.ts";
import { WORKER_METHODS } from "../loader/load/worker_methods.ts";
import { serveAsWorker } from "../loader/worker/serve.ts";

serveAsWorker(WORKER_METHODS);
serveAsThread();
