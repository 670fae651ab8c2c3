/** Correction of a camera's predictions by a server, which `watch` leaves out unless a page asks for it. */

export interface RecalibrateOptions {
  /** Where a server predicts: `/api/predict` of `torch2web serve --api`, or an address of it for another model. */
  url: string | URL;
  /** Time between two pictures, at least a second: milliseconds, or a text such as `"30s"` (the default) or `"2min"`. */
  every?: number | string;
  /**
   * Whether the visitor agrees that pictures of the camera leave the device. A function is asked before each picture, so
   * that it can ask the visitor at first, and so that consent can be withdrawn. Without `true` nothing is sent.
   */
  consent: boolean | (() => boolean | Promise<boolean>);
  /** Headers of the requests, such as `Authorization`. */
  headers?: Record<string, string>;
  /** Called at each change: tell the visitor when a picture leaves, and what came of it. */
  onChange?: (change: Recalibration) => void;
}

export interface Recalibration {
  /**
   * `asking`: for consent; `declined`: asked again after `every`; `sending`: a picture leaves now; `corrected`: the server's
   * answer counts from now on; `failed`: it does not, `problem` says why; `ended`: no picture is sent any more.
   */
  state: "asking" | "declined" | "sending" | "corrected" | "failed" | "ended";
  /** Milliseconds since 1970. */
  time: number;
  /** Of `sending`: bytes of the picture, a JPEG of at most 640 pixels. */
  bytes?: number;
  /** Of `failed` and `ended`. */
  problem?: string;
  /** When the next picture is due, at the earliest; absent while one is on its way, and at the end. */
  next?: number;
}

/** In a prediction that a server's answer corrects. */
export interface Recalibrated {
  /** When the picture was sent that the server answered; milliseconds since 1970. */
  time: number;
  /** How much the correction still counts, from 1 downwards: half after each `every`. */
  weight: number;
}
