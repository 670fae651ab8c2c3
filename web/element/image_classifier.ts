/** `<image-classifier>`: a picture or the camera, and what a model of the site makes of it. */
import type { DoubtfulAnswers, Model, Prediction, Progress } from "../loader/torch2web.ts";
import { addPreloads, type Listed } from "../loader/add_preloads.ts";
import { importPinned } from "../loader/pinned.ts";
import type { ImageClassifierEventMap } from "./events.ts";
import { filled, textsIn, type Texts } from "./texts.ts";
import { View, type Sources } from "./view.ts";

/** The site's sample pictures: thumbnail and picture, relative to the site; Python puts them here. */
const SAMPLES = "__SAMPLES__" as unknown as readonly (readonly [string, string])[];

/** What the site's models begin with; Python puts it here. */
const PRELOADS = "__PRELOADS__" as unknown as Listed;

const ATTRIBUTES = ["model", "base-url", "integrity", "variant", "worker"] as const;
const SHOWN = ["source", "samples", "lang", "texts", "top-k"] as const;

/** Milliseconds between two labels of the camera that are read out. */
const READ_OUT = 3000;

/** Pictures of the camera a second, at most. */
const RATE = 15;

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- merged with the types of events below
export class ImageClassifierElement extends HTMLElement {
  static readonly observedAttributes = [...ATTRIBUTES, ...SHOWN];
  #texts: Texts = textsIn("en", {});
  readonly #view = new View(
    this,
    {
      choose: (file) => void this.#attempt(() => this.#predict(file)),
      sample: (url) => void this.#attempt(() => this.#predict(url)),
      camera: () => void this.#attempt(() => this.#toggleCamera()),
    },
    this.#texts,
  );
  #loading: Promise<Model> | undefined;
  /** Aborts the load, which goes on while a visitor chooses another picture. */
  #life = new AbortController();
  /** Aborts a prediction, or the camera. */
  #running = new AbortController();
  #stream: MediaStream | undefined;

  connectedCallback(): void {
    this.#show();
    if (this.hasAttribute("auto")) void this.#attempt(() => this.load());
  }

  disconnectedCallback(): void {
    this.#release();
  }

  attributeChangedCallback(name: string): void {
    if (!this.isConnected) return;
    if ((ATTRIBUTES as readonly string[]).includes(name)) this.#release();
    this.#show();
  }

  /** Loads the model, once; `predict` does so too. Raises what `loadModel` raises. */
  load(): Promise<Model> {
    this.#loading ??= this.#load();
    this.#loading.catch(() => (this.#loading = undefined)); // the next call tries again
    return this.#loading;
  }

  /** Shows a picture and predicts it, as if the visitor had chosen it. Raises what `model.predict` raises. */
  async predict(source: Blob | string | URL): Promise<Prediction> {
    return this.#predict(source instanceof URL ? source.href : source);
  }

  async #load(): Promise<Model> {
    const { loadModel, listModels } = await importPinned(import.meta.url, this.#preload());
    const { signal } = this.#life;
    const given = (name: string): string | undefined => this.getAttribute(name) ?? undefined;
    const options = {
      baseURL: this.#base,
      ...(given("integrity") !== undefined && { integrity: given("integrity") }),
      ...(given("worker") !== undefined && { worker: given("worker")! }),
      ...(given("variant") !== undefined && { variant: given("variant")! }),
    };
    const onProgress = (progress: Progress): void => {
      if (signal.aborted) return;
      const { fraction } = progress.overall;
      this.#view.showProgress(fraction);
      const percent = this.#view.percent(fraction);
      this.#view.say(
        fraction < 1 ? filled(this.#texts.loading, { percent }) : this.#texts.starting,
      );
      this.#tell("progress", progress, true);
    };
    this.#view.say(this.#texts.starting);
    try {
      const name = given("model") ?? (await listModels(this.#base, options))[0]!.name;
      const onDoubtful = (doubt: DoubtfulAnswers): void => {
        this.#view.say(this.#texts.doubtful);
        this.#tell("doubtful", doubt, true);
      };
      return await loadModel(name, { ...options, onProgress, onDoubtful, signal });
    } finally {
      this.#view.showProgress(undefined);
      this.#view.say("");
    }
  }

  /** Requests the model's files together with the loader, if they are this site's. Never fails. */
  async #preload(): Promise<void> {
    const name = this.getAttribute("model") ?? Object.keys(PRELOADS.parts)[0]!;
    if (this.hasAttribute("base-url") || this.hasAttribute("variant")) return;
    await addPreloads(new URL("./", import.meta.url), name, PRELOADS).catch(() => {});
  }

  async #predict(source: Blob | string): Promise<Prediction> {
    this.#interrupt();
    const { signal } = this.#running;
    const blob = typeof source === "string" ? await fetched(source, signal) : source;
    await this.#view.showPicture(blob);
    const model = await this.load();
    this.#view.say(this.#texts.looking);
    const prediction = await model.predict(blob, { topK: this.#topK, signal });
    this.#answer(prediction, source);
    this.#view.say(this.#sentence(prediction));
    return prediction;
  }

  async #toggleCamera(): Promise<void> {
    if (this.#stream) {
      this.#interrupt();
      this.#view.showNothing();
      return;
    }
    this.#interrupt();
    const { signal } = this.#running;
    const { video } = this.#view;
    // Absent on pages from plain HTTP.
    const devices = navigator.mediaDevices as MediaDevices | undefined;
    if (!devices) throw new DOMException("no camera on a page from http://", "NotFoundError");
    const stream = await devices.getUserMedia({ video: { facingMode: "user" } });
    if (signal.aborted) {
      stop(stream);
      return;
    }
    this.#stream = stream;
    video.srcObject = stream;
    this.#view.showCamera(true);
    await video.play();
    const model = await this.load();
    let said = { label: "", at: -Infinity };
    for await (const prediction of model.watch(video, { maxRate: RATE, smoothing: 0.5, signal })) {
      this.#answer({ ...prediction, top: prediction.top.slice(0, this.#topK) }, video);
      const now = performance.now();
      const aloud = prediction.label !== said.label && now - said.at >= READ_OUT;
      if (aloud) said = { label: prediction.label, at: now };
      this.#view.say(this.#sentence(prediction), aloud);
    }
  }

  #answer(prediction: Prediction, source: Blob | string | HTMLVideoElement): void {
    this.#view.showBars(prediction.top);
    this.#tell("prediction", { prediction, source }, true);
  }

  #sentence({ label, confidence }: Prediction): string {
    return filled(this.#texts.answer, { label, percent: this.#view.percent(confidence) });
  }

  /** Runs what a visitor asked for; an error is shown and told, an abort is none. */
  async #attempt(task: () => Promise<unknown>): Promise<void> {
    try {
      await task();
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      this.#interrupt();
      this.#view.say(this.#explained(error));
      this.#tell("error", { error }, false);
    }
  }

  #explained(error: unknown): string {
    const { name, message } = error instanceof Error ? error : { name: "", message: String(error) };
    const texts: Partial<Record<string, string>> = {
      DecodeError: this.#texts.unreadable,
      DownloadError: this.#texts.network,
      NotAllowedError: this.#texts.cameraDenied,
      NotFoundError: this.#texts.noCamera,
    };
    return texts[name] ?? filled(this.#texts.failed, { message });
  }

  /** Ends what runs, the camera too; the model stays. */
  #interrupt(): void {
    this.#running.abort();
    this.#running = new AbortController();
    if (this.#stream) stop(this.#stream);
    this.#stream = undefined;
    this.#view.video.srcObject = null;
    this.#view.showCamera(false);
  }

  /** Ends what runs and frees the model. */
  #release(): void {
    this.#interrupt();
    this.#life.abort();
    this.#life = new AbortController();
    const loading = this.#loading;
    this.#loading = undefined;
    loading?.then(async (model) => model.dispose()).catch(() => {}); // told where it was awaited
  }

  #show(): void {
    const lang = this.closest("[lang]")?.getAttribute("lang") ?? navigator.language;
    this.#texts = textsIn(lang, this.#ownTexts());
    const language = Intl.NumberFormat.supportedLocalesOf(valid(lang))[0] ?? "en";
    this.#view.setUp(this.#texts, language, this.#sources);
  }

  #ownTexts(): Partial<Texts> {
    try {
      return JSON.parse(this.getAttribute("texts") ?? "{}") as Partial<Texts>;
    } catch (error) {
      console.warn(`<image-classifier>: its attribute texts is no JSON: ${String(error)}`);
      return {};
    }
  }

  get #sources(): Sources {
    const given = (this.getAttribute("source") ?? "upload").split(/\s+/);
    const own = this.getAttribute("samples")?.trim().split(/\s+/);
    const base = own ? document.baseURI : import.meta.url;
    const pairs = own ? own.map((path) => [path, path] as const) : SAMPLES;
    const samples = pairs.map(([small, whole]) => ({
      thumbnail: new URL(small, base).href,
      picture: new URL(whole, base).href,
    }));
    return {
      camera: given.includes("camera"),
      upload: given.includes("upload"),
      samples: given.includes("samples") || own ? samples : [],
    };
  }

  get #base(): string {
    const base = this.getAttribute("base-url");
    return base === null
      ? new URL("./", import.meta.url).href
      : new URL(base, document.baseURI).href;
  }

  /** 5 for what is no number from 1. */
  get #topK(): number {
    const given = Math.floor(Number(this.getAttribute("top-k")));
    return given >= 1 ? given : 5;
  }

  #tell<K extends keyof ImageClassifierEventMap>(
    type: K,
    detail: ImageClassifierEventMap[K]["detail"],
    bubbles: boolean,
  ): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles, composed: true }));
  }
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

async function fetched(url: string, signal: AbortSignal): Promise<Blob> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.blob();
}

/** A language tag of the page, if it is one. */
function valid(lang: string): string[] {
  try {
    return Intl.getCanonicalLocales(lang);
  } catch {
    return [];
  }
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- adds types of events, nothing else
export interface ImageClassifierElement {
  addEventListener<K extends keyof ImageClassifierEventMap>(
    type: K,
    listener: (this: ImageClassifierElement, event: ImageClassifierEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}
