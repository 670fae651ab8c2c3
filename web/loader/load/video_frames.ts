/** Waits for the frames of a video. Every wait raises the signal's reason when it aborts. */
import { DecodeError } from "../api/errors.ts";

/** A <video> that plays `source`, and the function that stops one that was created here. Raises DecodeError. */
export function videoOf(source: HTMLVideoElement | MediaStream): {
  video: HTMLVideoElement;
  release: () => void;
} {
  if (source instanceof HTMLVideoElement) return { video: source, release: () => {} };
  if (!((source as unknown) instanceof MediaStream)) {
    throw new DecodeError("watch takes a <video> or a MediaStream.");
  }
  const video = document.createElement("video");
  video.srcObject = source;
  video.muted = true;
  video.playsInline = true;
  video.play().catch(() => {}); // then there are no frames
  return {
    video,
    release: () => {
      video.pause();
      video.srcObject = null;
    },
  };
}

/** Waits until the page is visible. */
export async function visible(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (!document.hidden) return;
  await until(signal, (done) => {
    const check = (): void => {
      if (!document.hidden) done();
    };
    document.addEventListener("visibilitychange", check);
    return () => document.removeEventListener("visibilitychange", check);
  });
}

/** Waits until `video` shows another frame. */
export function newFrame(video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
  return until(signal, (done) => {
    if ("requestVideoFrameCallback" in video) {
      const handle = video.requestVideoFrameCallback(() => done());
      return () => video.cancelVideoFrameCallback(handle);
    }
    const element = video as HTMLVideoElement;
    const shown = element.currentTime;
    const timer = setInterval(() => {
      if (element.currentTime !== shown) done();
    }, 1000 / 60);
    return () => clearInterval(timer);
  });
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
