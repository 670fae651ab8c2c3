/** The live camera: opened on a click, answered frame by frame, and released when it stops. */
import type { AnyPrediction, LoadedModelInfo } from "../../loader/torch2web.ts";
import { element } from "../element.ts";
import { t } from "../texts.ts";
import { nextTask } from "../next_task.ts";
import { number, percent, resultOf } from "../results/result.ts";
import type { PageModel } from "../choice.ts";
import type { Session } from "../session.ts";
import { Announcer } from "./announce.ts";
import { Controls } from "./controls.ts";
import { openCamera, release, setTorch, type Camera, type Wanted } from "./device.ts";
import { LastMinute } from "./last_minute.ts";
import { isDark } from "./light.ts";
import { DARK, explainCamera, MUTED, RESTED, TAKEN_AWAY } from "./problems.ts";
import { ServerCheck } from "./server_check.ts";
import { Strip } from "./strip.ts";
import { Watcher } from "./watcher.ts";

/** Milliseconds between two looks at the light. */
const LIGHT_EVERY = 1_000;
/** Milliseconds in the background after which the camera is released. */
const REST_AFTER = 60_000;

const video = element("camera-video") as HTMLVideoElement;

/** The camera of the page; `start` may be called again at any time. */
export function createCamera(session: Session): { start: () => void } {
  const camera = new LiveCamera(session);
  return { start: () => void camera.start() };
}

/** Whether a network's scores fit one axis: probabilities, or numbers of one unit. */
function isComparable({ task }: LoadedModelInfo): boolean {
  return task?.kind !== "embedding" && new Set(task?.units).size < 2;
}

class LiveCamera {
  readonly #session: Session;
  readonly #minute = new LastMinute();
  readonly #strip = new Strip(this.#minute);
  readonly #controls: Controls;
  readonly #server = new ServerCheck(() => this.#watcher?.restart());
  readonly #announcer = new Announcer((text) => (element("announcement").textContent = text));
  #camera: Camera | undefined;
  #watcher: Watcher | undefined;
  /** Number of the latest start or stop: what an earlier one still waits for is not wanted any more. */
  #turn = 0;
  #resting: ReturnType<typeof setTimeout> | undefined;
  #darkBefore = false;

  constructor(session: Session) {
    this.#session = session;
    this.#controls = new Controls({
      stop: () => void this.#stop(),
      again: () => void this.start(),
      pause: () => void this.#pauseOrResume(),
      torch: (on) => void this.#torch(on),
      use: (wanted) => void this.start(wanted),
      take: () => void this.#take(),
    });
    session.onPicture(() => this.#end());
    session.onChoice(() => {
      if (!this.#camera) return;
      this.#forget();
      void this.#answer();
    });
    document.addEventListener("visibilitychange", () => this.#rest());
    addEventListener("pagehide", () => this.#end());
    // Absent on pages from plain HTTP.
    (navigator as Partial<Navigator>).mediaDevices?.addEventListener("devicechange", () => {
      if (this.#camera) void this.#controls.list(this.#camera);
    });
    new IntersectionObserver((entries) => {
      if (this.#watcher) this.#watcher.seen = entries.at(-1)!.isIntersecting;
    }).observe(video);
    setInterval(() => this.#lookAtLight(), LIGHT_EVERY);
  }

  /** Opens a camera in place of the one before. */
  async start(wanted: Wanted = {}): Promise<void> {
    const turn = ++this.#turn;
    this.#release();
    this.#session.setLive(true);
    this.#controls.state = "asking";
    this.#forget();
    try {
      const camera = await openCamera(wanted);
      if (turn !== this.#turn) {
        release(camera);
        return;
      }
      this.#camera = camera;
      camera.track.addEventListener("ended", () => this.#fail(TAKEN_AWAY));
      camera.track.addEventListener("mute", () => this.#controls.hint(MUTED));
      camera.track.addEventListener("unmute", () => this.#controls.hint(""));
      video.srcObject = camera.stream;
      this.#controls.show(camera);
      await video.play();
      if (turn !== this.#turn) return;
      this.#controls.state = "live";
      void this.#controls.list(camera);
      await this.#answer();
    } catch (error) {
      if (turn === this.#turn) this.#fail(explainCamera(error));
    }
  }

  /** Clears the last minute. */
  #forget(): void {
    this.#minute.clear();
    this.#strip.clear();
  }

  /** Has the chosen network answer from now on. */
  async #answer(): Promise<void> {
    const turn = ++this.#turn;
    this.#watcher?.stop();
    const again = (): void => void this.#answer();
    try {
      const model = await this.#session.modelFor(this.#session.chosen());
      if (turn !== this.#turn || this.#controls.state !== "live") return;
      this.#controls.hasStrip = isComparable(model.info);
      this.#server.offer(this.#session.chosen().task === "classification");
      this.#watcher = new Watcher(
        model,
        video,
        (prediction) => this.#show(model, prediction),
        (error) => this.#session.showError(error, again),
        () => this.#server.options,
      );
    } catch (error) {
      if (turn === this.#turn) this.#session.showError(error, again);
    }
  }

  #show(model: PageModel, prediction: AnyPrediction): void {
    const now = performance.now();
    this.#session.showLive(model, prediction);
    this.#controls.rate = this.#watcher?.rate;
    if ("embedding" in prediction) return; // compared with a picture
    const { answer, indices, scores } = resultOf(model.info, prediction);
    this.#announcer.add(answer, now);
    this.#minute.add({ time: now, scores: scores.map(([, score]) => score), answers: indices });
    const areNumbers = "values" in prediction;
    const range = areNumbers ? this.#minute.range(now) : undefined;
    const write = areNumbers ? number : percent;
    this.#strip.show({ labels: model.info.labels, range, write }, now);
  }

  async #pauseOrResume(): Promise<void> {
    if (this.#controls.state === "paused") {
      this.#controls.state = "live";
      await video.play();
      await this.#answer();
    } else {
      this.#turn++; // a network that still loads
      this.#controls.state = "paused";
      this.#watcher?.stop();
      this.#watcher = undefined;
      video.pause();
    }
  }

  async #torch(on: boolean): Promise<void> {
    try {
      await setTorch(this.#camera!, on);
      this.#controls.torch = on;
    } catch {
      this.#controls.hint(t("The light of this camera cannot be switched."));
    }
  }

  /** Chooses the current frame as a picture, which ends the camera. */
  async #take(): Promise<void> {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d")!.drawImage(video, 0, 0);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
    if (blob) this.#session.chooseBlob(blob, t("Picture from the camera"));
  }

  #lookAtLight(): void {
    if (this.#controls.state !== "live" || document.hidden || !video.videoWidth) return;
    const dark = isDark(video);
    if (dark && this.#darkBefore) this.#controls.hint(DARK);
    else if (!dark) this.#controls.hint("", DARK);
    this.#darkBefore = dark;
  }

  /** Releases the camera of a page that stays in the background. */
  #rest(): void {
    clearTimeout(this.#resting);
    if (!document.hidden || !this.#camera) return;
    this.#resting = setTimeout(() => this.#fail(RESTED), REST_AFTER);
  }

  /** Ends the camera and shows the picture from before. */
  async #stop(): Promise<void> {
    this.#end();
    const turn = this.#turn;
    await nextTask();
    if (turn === this.#turn) this.#session.ask();
  }

  #fail(problem: string): void {
    this.#turn++;
    this.#release();
    this.#controls.problem(problem);
    this.#session.showIdle(t("No answer"), t("The camera is off"));
  }

  #end(): void {
    this.#turn++;
    this.#release();
    this.#controls.state = "off";
    this.#session.setLive(false);
  }

  #release(): void {
    this.#watcher?.stop();
    this.#watcher = undefined;
    this.#server.offer(false);
    if (this.#camera) release(this.#camera);
    this.#camera = undefined;
    video.srcObject = null;
    clearTimeout(this.#resting);
  }
}
