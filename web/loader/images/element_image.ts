/** An <img>: the file that it shows, where that can be fetched again, else the pixels that it shows. */
import { DecodeError } from "../api/errors.ts";
import { within } from "../fetch/concurrency/time_limit.ts";
import { untilAborted } from "../fetch/concurrency/until_aborted.ts";
import { readBackProblem, readRows } from "./canvas.ts";

export interface ElementImage {
  /** The file, where the element shows it or cannot be compared with it. */
  file: Blob | undefined;
  /** What the element shows, to be drawn at `width` × `height`. */
  shown: CanvasImageSource | undefined;
  width: number;
  height: number;
  /** Why `file`, or else `shown`, may have other pixels than the file that the element shows; empty if `file` has not. */
  inexact: string;
}

/** Milliseconds to wait for an <img> that has not loaded, and for its file. */
const TIME_LIMIT = 10_000;

/** Number of pixels that are compared, spread over all rows: all of a usual image, 1 row in 12 of one of 12 megapixels. */
const COMPARED = 1_000_000;

/** A browser's size of an image that has none, such as an SVG (CSS 2, 10.3.2). */
const DEFAULT_SIZE = { width: 300, height: 150 };

const ONLY_SHOWN = "only what the element shows";

/** Why what an <img> shows is taken though its file is there. */
export const UNREADABLE_FILE = `the loader cannot read the file of the <img>, ${ONLY_SHOWN}`;

/**
 * Reads an <img>, as what it shows if `shown`. Raises DecodeError, also for one that does not load within 10 seconds, and the
 * signal's reason.
 */
export async function elementImage(
  element: HTMLImageElement,
  shown: boolean,
  signal?: AbortSignal,
): Promise<ElementImage> {
  if (!element.naturalWidth) await loaded(element, signal);
  const asShown = (inexact: string): ElementImage => {
    const { naturalWidth: width, naturalHeight: height } = element;
    const size = width && height ? { width, height } : sizeOnPage(element);
    return { file: undefined, shown: element, ...size, inexact };
  };
  if (shown) return asShown(UNREADABLE_FILE);
  const file = await fetchFile(element, signal);
  if (!file) return asShown(`the file of the <img> could not be read again, ${ONLY_SHOWN}`);
  if (file.type.startsWith("image/svg")) return asShown("an SVG is drawn by the browser");
  // Part of the image is shown before all of it has arrived.
  if (!element.complete) await loaded(element, signal);
  const problem = await comparison(element, file);
  signal?.throwIfAborted();
  if (problem === undefined) {
    return asShown(`the address of the <img> gives another image than it shows, ${ONLY_SHOWN}`);
  }
  return { ...asShown(problem), file };
}

function sizeOnPage({ width, height }: HTMLImageElement): typeof DEFAULT_SIZE {
  return width && height ? { width, height } : DEFAULT_SIZE;
}

/** Waits until the <img> is loaded. Raises DecodeError. */
async function loaded(element: HTMLImageElement, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  const source = element.currentSrc || element.src || "no src";
  if (!element.complete) await untilLoaded(element, source, signal);
  if (element.naturalWidth) return;
  // It is broken, or an SVG without a size.
  const broken = await inTime(element.decode()).then(
    () => false,
    () => true,
  );
  if (broken) throw new DecodeError(`The <img> has no image: ${source}`);
}

function untilLoaded(
  element: HTMLImageElement,
  source: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const lazy = element.loading === "lazy" ? " A lazy <img> out of view does not load." : "";
    const message = `The <img> did not load within ${TIME_LIMIT / 1000} s: ${source}.${lazy}`;
    const settle = (): void => {
      clearTimeout(timer);
      element.removeEventListener("load", settle);
      element.removeEventListener("error", settle);
      signal?.removeEventListener("abort", settle);
      if (signal?.aborted) reject(signal.reason);
      else if (element.complete) resolve();
      else reject(new DecodeError(message));
    };
    const timer = setTimeout(settle, TIME_LIMIT);
    element.addEventListener("load", settle);
    element.addEventListener("error", settle);
    signal?.addEventListener("abort", settle);
  });
}

/**
 * The file at the element's address, undefined where it cannot be read: it is of another origin without CORS, the page's
 * policy forbids it, it can be fetched once only, or never ends. Raises the signal's reason.
 */
async function fetchFile(
  element: HTMLImageElement,
  signal: AbortSignal | undefined,
): Promise<Blob | undefined> {
  // A cached copy that was fetched without CORS has no CORS headers.
  for (const cache of ["force-cache", "reload"] as const) {
    const abort = new AbortController();
    try {
      const credentials = element.crossOrigin === "use-credentials" ? "include" : "same-origin";
      const options = { cache, credentials, signal: abort.signal } as const;
      return await inTime(readFile(element.currentSrc, options), signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TypeError)) return undefined;
    } finally {
      abort.abort(); // ends a stream
    }
  }
  return undefined;
}

async function readFile(url: string, options: RequestInit): Promise<Blob | undefined> {
  const response = await fetch(url, options);
  // A camera's stream of images, of which the element shows the latest.
  const endless = response.headers.get("Content-Type")?.startsWith("multipart/");
  return response.ok && !endless ? response.blob() : undefined;
}

/** `work`, for 10 s at most. Raises the signal's reason. */
function inTime<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  return untilAborted(within(TIME_LIMIT, work), signal);
}

/**
 * Compares what the element shows with its file, both as the browser draws them: undefined where they differ, else why they
 * could not be compared; empty where they are equal.
 */
async function comparison(element: HTMLImageElement, file: Blob): Promise<string | undefined> {
  // These addresses cannot change what they stand for.
  if (/^(?:blob|data):/.test(element.currentSrc)) return "";
  if (altersPixels()) return "this browser alters what pages read of an <img>";
  const bitmap = await createImageBitmap(file).catch(() => undefined);
  if (!bitmap) return undefined;
  const { width, height } = bitmap;
  const count = Math.min(height, Math.ceil(COMPARED / width));
  const rows = Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * height) / count));
  const expected = readRows(bitmap, width, height, rows);
  bitmap.close();
  try {
    const shown = readRows(element, width, height, rows);
    return expected.every((value, i) => value === shown[i]) ? "" : undefined;
  } catch {
    return "the <img> is of another origin and has no crossorigin attribute, so it was not compared with its file";
  }
}

function altersPixels(): boolean {
  try {
    return readBackProblem() !== "";
  } catch {
    return true; // raised by what needs these pixels
  }
}
