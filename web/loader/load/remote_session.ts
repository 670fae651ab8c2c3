import { BackendError } from "../api/errors.ts";
import type { AnyLoadOptions } from "../api/load_options.ts";
import type { News } from "../backends/news.ts";
import { prefetch, type Prefetched } from "../fetch/manifest/prefetch.ts";
import { within } from "../fetch/concurrency/time_limit.ts";
import { prepareTask } from "../tasks/answer.ts";
import { siteURL } from "../fetch/site_url.ts";
import { Connection } from "../worker/connection.ts";
import type { Loaded, PostedOptions } from "../worker/protocol.ts";

/** Milliseconds in which the worker has to free a model. */
const CLOSE_TIMEOUT = 10_000;

/** A model that was loaded in a worker. */
export interface Session {
  connection: Connection;
  loaded: Loaded;
}

/** The session of one model, which is loaded again if its worker ended. */
export class RemoteSession {
  readonly #name: string;
  readonly #options: AnyLoadOptions;
  readonly #closed = new AbortController();
  #session: Promise<Session>;
  #loaded: Loaded;

  private constructor(name: string, options: AnyLoadOptions, session: Session) {
    this.#name = name;
    this.#options = options;
    this.#session = Promise.resolve(session);
    this.#loaded = session.loaded;
  }

  /** Loads a model in the worker of `connection`, whose user it becomes. Raises what `loadModel` raises. */
  static async open(
    connection: Connection,
    name: string,
    options: AnyLoadOptions,
    prefetched: Prefetched,
  ): Promise<RemoteSession> {
    const session = await load(connection, name, options, prefetched);
    return new RemoteSession(name, options, session);
  }

  /** As loaded last. */
  get loaded(): Loaded {
    return this.#loaded;
  }

  /** The session, loaded again if the worker ended. Raises what `loadModel` raises. */
  async current(): Promise<Session> {
    const held = this.#session;
    const session = await held.catch(() => undefined);
    if (session && !session.connection.ended) return session;
    if (this.#session !== held) return this.current(); // another call loads it again
    this.#session = this.#reload();
    const { loaded } = await this.#session;
    this.#loaded = loaded;
    return this.#session;
  }

  /** Frees the model in the worker, unless that has ended. A worker that does not answer is left to its other models. */
  async close(): Promise<void> {
    this.#closed.abort();
    const session = await this.#session.catch(() => undefined);
    if (!session || session.connection.ended) return;
    const { connection, loaded } = session;
    connection.onNews.delete(loaded.model);
    const freed = connection.call("dispose", { model: loaded.model });
    await within(CLOSE_TIMEOUT, freed).catch(() => {});
    connection.close();
  }

  async #reload(): Promise<Session> {
    const { signal } = this.#closed;
    const connection = await Connection.open(signal);
    if (!(connection instanceof Connection)) throw new BackendError(connection.problem);
    // The page's callback and signal were for the first load.
    const { onProgress, ...rest } = this.#options;
    const options = { ...rest, signal };
    return load(connection, this.#name, options, await prefetch(this.#name, options));
  }
}

async function load(
  connection: Connection,
  name: string,
  options: AnyLoadOptions,
  prefetched: Prefetched,
): Promise<Session> {
  const { baseURL, onProgress, onDoubtful, signal, worker, ...rest } = options;
  const posted: PostedOptions = { ...rest, baseURL: siteURL(baseURL).href };
  const { port } = prefetched.preloaded;
  try {
    const loaded = await connection.call(
      "load",
      { name, options: posted, prefetched },
      { signal, onProgress, transfer: port ? [port] : [] },
    );
    const onNews = ({ backend, doubt }: News): void => {
      if (backend) loaded.backend = backend;
      if (doubt) onDoubtful?.(doubt);
    };
    connection.onNews.set(loaded.model, onNews);
    await prepareTask(loaded.info); // for `watch`, which averages in this thread
    return { connection, loaded };
  } catch (error) {
    connection.close();
    throw error;
  }
}
