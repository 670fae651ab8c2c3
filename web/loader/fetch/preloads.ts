/** Files that the page's HTML preloads: the page hands them to its worker, which would request them a second time. */
import { receivePart, type DownloadOptions } from "./download.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Parts are named by their hash. */
const NAMED_BY_HASH = /([0-9a-f]{32})\.\w+$/;

/** A file, unchecked; undefined where it did not arrive. */
interface Arrival {
  path: string;
  bytes?: Bytes;
  /** Bytes so far, while they arrive. */
  loaded?: number;
}

/** Files that the page expects, which arrive at the port. */
interface Expected {
  expected: string[];
  port: MessagePort | undefined;
}

/** What the page preloads, to be posted. Paths are relative to the site. */
export interface Preloaded extends Expected {
  files: Map<string, Bytes>;
}

/** What `<link rel="preload">` with `data-size` in bytes asks for below the site. */
interface Link {
  path: string;
  size: number;
}

/**
 * Takes the preloads of the site at `base` for the model `name`, each once: parts of its weights, and the start file,
 * which has small files that all models need.
 */
export function takeLinks(base: URL, name: string): { start: Link | undefined; parts: Link[] } {
  const found = { start: undefined as Link | undefined, parts: [] as Link[] };
  // Of programs outside of browsers, some have a document that can little.
  const { document: page } = globalThis as { document?: Partial<Document> };
  const links = page?.querySelectorAll?.<HTMLLinkElement>("link[data-size]") ?? [];
  for (const { href, dataset } of links) {
    const { model = name, size } = dataset;
    if (!href.startsWith(base.href) || model !== name) continue;
    const link = { path: href.slice(base.href.length), size: Number(size) };
    if (dataset["model"]) found.parts.push(link);
    else found.start = link;
    delete dataset["size"];
  }
  return found;
}

/** The files in the start file: its first line lists their paths and sizes. Empty where it did not arrive. */
export async function readStart(
  base: URL,
  start: Link | undefined,
  options: DownloadOptions,
): Promise<Map<string, Bytes>> {
  const files = new Map<string, Bytes>();
  if (!start) return files;
  try {
    const bytes = await receivePart(base, start, "default", options, () => {});
    let at = bytes.indexOf(10) + 1;
    const list = JSON.parse(new TextDecoder().decode(bytes.subarray(0, at))) as [string, number][];
    for (const [path, size] of list) files.set(path, bytes.slice(at, (at += size)));
  } catch {
    // the loader requests each by itself
  }
  return files;
}

/** Receives those of `parts` that are not `stored` on this device; their bytes go to the port as they arrive. */
export function expectParts(
  base: URL,
  parts: readonly Link[],
  stored: readonly string[],
  options: DownloadOptions,
): Expected {
  const isStored = ({ path }: Link): boolean => {
    const [, hash] = NAMED_BY_HASH.exec(path) ?? [];
    return !!hash && stored.some((key) => key.includes(hash));
  };
  const expected = parts.filter((part) => !isStored(part));
  // Stops what the browser already asked for.
  for (const { path } of parts.filter(isStored)) {
    fetch(new URL(path, base))
      .then(async ({ body }) => body?.cancel())
      .catch(() => {});
  }
  if (!expected.length) return { expected: [], port: undefined };
  const { port1, port2 } = new MessageChannel();
  for (const part of expected) {
    const { path } = part;
    const send = (arrival: object, transfer: Transferable[] = []): void =>
      port1.postMessage({ path, ...arrival }, transfer);
    let loaded = 0;
    receivePart(base, part, "default", options, (bytes) => send({ loaded: (loaded += bytes) }))
      .then((bytes) => send({ bytes }, [bytes.buffer]))
      .catch(() => send({}));
  }
  return { expected: expected.map(({ path }) => path), port: port2 };
}

/** The preloaded file at `path`, once; `arrived` is called with its bytes so far. Undefined where there is none. */
export type TakePreloaded = (
  path: string,
  arrived: (bytes: number) => void,
) => Promise<Bytes | undefined>;

/** Receives what `expectParts` sends: in the worker, or in the page itself. */
export function receivePreloads({ files: here, expected, port }: Preloaded): TakePreloaded {
  const waiting = new Map<string, (arrival: Arrival) => void>();
  const files = new Map<string, Promise<Bytes | undefined>>();
  const listeners = new Map<string, (bytes: number) => void>();
  /** Bytes that arrived before anybody listened. */
  const early = new Map<string, number>();
  for (const [path, bytes] of here) files.set(path, Promise.resolve(bytes));
  for (const path of expected) {
    const arriving = new Promise<Bytes | undefined>((resolve) => {
      waiting.set(path, ({ bytes, loaded }) => {
        const arrived = listeners.get(path);
        if (loaded === undefined) resolve(bytes);
        else if (arrived) arrived(loaded);
        else early.set(path, loaded);
      });
    });
    files.set(path, arriving);
  }
  if (port) port.onmessage = ({ data }: MessageEvent<Arrival>) => waiting.get(data.path)!(data);
  return async (path, arrived) => {
    const file = files.get(path);
    files.delete(path); // its memory can be freed
    listeners.set(path, arrived);
    const loaded = early.get(path);
    if (file && loaded) arrived(loaded);
    return file;
  };
}
