/** Recalibration of `watch` by a server; loaded by pages that ask for it. */
import type { RecalibrateOptions } from "../../api/recalibrate.ts";
import type { Meant } from "../../tasks/meant.ts";
import { Recalibrator } from "./recalibrator.ts";
import { askServer } from "./server_answer.ts";

/** Pixels of the longer side of a picture that is sent. */
const SIDE = 640;
const QUALITY = 0.92;

/** Milliseconds that a server may take, at most; less where the interval is shorter. */
const PATIENCE = 10_000;

const UNITS: Record<string, number> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 };

/** A recalibrator of a model's running average. Raises RangeError for options that cannot be. */
export function recalibratorOf(
  { labels, task }: Meant,
  options: RecalibrateOptions,
  signal: AbortSignal,
): Recalibrator {
  const { url, every = "30s", consent, headers = {}, onChange = () => {} } = options;
  const kind = task?.of ?? task?.kind ?? "softmax";
  if (kind === "embedding" || kind === "regression") {
    throw new RangeError("recalibrate is for classifiers: it corrects probabilities.");
  }
  if (typeof consent !== "boolean" && typeof consent !== "function") {
    throw new RangeError(
      `recalibrate takes consent: true, or a function that says whether the visitor agrees; found ${typeof consent}.`,
    );
  }
  const exclusive = kind !== "sigmoid";
  const interval = millisecondsOf(every);
  const address = addressOf(url);
  return new Recalibrator(interval, exclusive, {
    now: () => Date.now(),
    consent: async () =>
      typeof consent === "function" ? Object.is(await consent(), true) : consent,
    ask: async (picture) => {
      const limit = new AbortController();
      const stop = (): void => limit.abort();
      const timer = setTimeout(stop, Math.min(PATIENCE, interval));
      signal.addEventListener("abort", stop, { once: true });
      const asked = { url: address, headers, labels, exclusive, signal: limit.signal };
      const answer = await askServer(picture, asked);
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      return answer;
    },
    onChange,
  });
}

/** Raises RangeError for what is no time, or less than a second. */
export function millisecondsOf(every: number | string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|min|h)$/.exec(String(every)) ?? [];
  const found = typeof every === "number" ? every : Number(amount) * UNITS[unit ?? ""]!;
  if (found >= 1000 && found < Infinity) return found;
  throw new RangeError(
    `recalibrate takes every as "30s", "2min" or milliseconds, a second at least; found ${JSON.stringify(every)}.`,
  );
}

function addressOf(url: string | URL): URL {
  try {
    return new URL(url, document.baseURI);
  } catch {
    throw new RangeError(`recalibrate takes the url of a server; found ${JSON.stringify(url)}.`);
  }
}

/** A copy of the frame that a video shows, to be predicted and sent: both see the same picture. */
export function captureFrame(video: HTMLVideoElement): HTMLCanvasElement {
  const { videoWidth: width, videoHeight: height } = video;
  const scale = Math.min(1, SIDE / Math.max(width, height));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
  canvas.getContext("2d")!.drawImage(video, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** The frame as a JPEG, which has no data but the picture. */
export function encodeFrame(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new TypeError("no JPEG"))),
      "image/jpeg",
      QUALITY,
    );
  });
}
