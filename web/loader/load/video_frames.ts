/** Waits for the frames of a video. Every wait raises the signal's reason when it aborts. */
import type { DecodeError } from "../api/errors.ts";
import { tagOf } from "../images/image_source.ts";

/** A <video> that plays `source`, and the function that stops one that was created here. */
export function videoOf(
  source: HTMLVideoElement | MediaStream,
  error: typeof DecodeError,
): {
  video: HTMLVideoElement;
  /** Why the browser does not play a stream, if it does not. */
  refused: Promise<DecodeError>;
  release: () => void;
} {
  if (tagOf(source) === "HTMLVideoElement") {
    const never = new Promise<never>(() => {});
    return { video: source as HTMLVideoElement, refused: never, release: () => {} };
  }
  const video = document.createElement("video");
  video.srcObject = source as MediaStream;
  video.muted = true;
  video.playsInline = true;
  const refused = new Promise<DecodeError>((resolve) => {
    video.play().catch((cause: unknown) => {
      resolve(new error("The browser does not play the stream.", { cause }));
    });
  });
  return {
    video,
    refused,
    release: () => {
      video.pause();
      video.srcObject = null;
    },
  };
}

/** Waits until the page is visible. */
async function visible(signal: AbortSignal): Promise<void> {
  await until(signal, (done) => {
    const check = (): void => {
      if (!document.hidden) done();
    };
    document.addEventListener("visibilitychange", check);
    return () => document.removeEventListener("visibilitychange", check);
  });
}

/** Milliseconds between two looks at a video without frames. */
const CHECK = 250;

/** Milliseconds without a frame after which the page is told, while it is visible. */
const NO_FRAME = 10_000;

/**
 * `next` waits for a frame of `video` that came after the last one that it waited for, while the page is visible: at once
 * where it came meanwhile. It calls `tell`, once each time, where the video ends or gives no frames, then goes on
 * waiting, or raises what `tell` raises.
 */
export function framesOf(
  video: HTMLVideoElement,
  signal: AbortSignal,
  tell: (problem: string, ended: boolean) => void,
): { next: () => Promise<void>; stop: () => void } {
  let told = "";
  let fresh = false;
  let arrived = (): void => {};
  let stop: () => void;
  const listen = (): void => {
    stop = onFrame(video, () => {
      fresh = true;
      stop();
      listen();
      arrived();
    });
  };
  listen();
  const next = async (): Promise<void> => {
    if (document.hidden) {
      await visible(signal);
      fresh = false; // shown before
    }
    for (let silent = 0; !fresh;) {
      let problem = "";
      let ended = "";
      await until(signal, (done) => {
        const check = setInterval(() => {
          ended = endOf(video);
          if (!document.hidden && !video.paused) silent += CHECK;
          problem = ended || (silent >= NO_FRAME ? NO_FRAMES : "");
          if (problem && problem !== told) done();
        }, CHECK);
        arrived = () => {
          problem = "";
          done();
        };
        return () => {
          clearInterval(check);
          arrived = () => {};
        };
      });
      told = problem;
      if (problem) tell(problem, ended !== "");
    }
    fresh = false;
    told = "";
  };
  return { next, stop: () => stop() };
}

const NO_FRAMES = `The video has given no frame for ${NO_FRAME / 1000} s.`;

/** Why there are no more frames for now; empty where they may come. */
function endOf(video: HTMLVideoElement): string {
  if (video.error) return `The video failed: ${video.error.message || `code ${video.error.code}`}.`;
  const stream = video.srcObject;
  if (tagOf(stream) === "MediaStream") {
    const tracks = (stream as MediaStream).getVideoTracks();
    const ended = tracks.every(({ readyState }) => readyState === "ended");
    return ended ? "The stream has ended: its camera was stopped or unplugged." : "";
  }
  return video.ended ? "The video has ended." : "";
}

/** Calls `done` at the next frame; returns the function that stops it. */
function onFrame(video: HTMLVideoElement, done: () => void): () => void {
  if ("requestVideoFrameCallback" in video) {
    const handle = video.requestVideoFrameCallback(() => done());
    return () => video.cancelVideoFrameCallback(handle);
  }
  // Firefox before 132.
  const element = video as HTMLVideoElement;
  const shown = element.currentTime;
  const timer = setInterval(() => {
    if (element.currentTime !== shown) done();
  }, 1000 / 60);
  return () => clearInterval(timer);
}

/** Waits for a time, if it is positive. */
export async function delay(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (!(milliseconds > 0)) return;
  await until(signal, (done) => {
    const timer = setTimeout(done, milliseconds);
    return () => clearTimeout(timer);
  });
}

/** Waits until `done` is called; `subscribe` returns the function that unsubscribes. */
function until(signal: AbortSignal, subscribe: (done: () => void) => () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const abort = (): void => {
      unsubscribe();
      reject(signal.reason);
    };
    const unsubscribe = subscribe(() => {
      unsubscribe();
      signal.removeEventListener("abort", abort);
      resolve();
    });
    signal.addEventListener("abort", abort, { once: true });
  });
}
