/** What the element shows, in its shadow root. Everything has a part, so that pages can style it. */
import type { LabelProbability } from "../loader/torch2web.ts";
import { styleSheet } from "./style.ts";
import { filled, type Texts } from "./texts.ts";

export interface ViewActions {
  choose: (file: Blob) => void;
  sample: (url: string) => void;
  camera: () => void;
}

export interface Sources {
  camera: boolean;
  upload: boolean;
  samples: readonly { thumbnail: string; picture: string }[];
}

/** Creates an element with a class and part of this name. */
function create<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  part: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = part;
  element.part.add(...part.split(" "));
  element.append(...children);
  return element;
}

function slot(name: string, ...children: Node[]): HTMLSlotElement {
  const element = document.createElement("slot");
  element.name = name;
  element.append(...children);
  return element;
}

export class View {
  readonly video = create("video", "video");
  readonly #canvas = create("canvas", "picture");
  readonly #hint = create("p", "hint");
  readonly #stage = create("div", "stage", slot("empty", this.#hint), this.#canvas, this.video);
  readonly #choose = create("button", "button upload");
  readonly #camera = create("button", "button camera");
  readonly #samples = create("div", "samples");
  readonly #progress = create("progress", "progress");
  readonly #status = create("p", "status");
  /** What screen readers read out, which would not keep up with a camera. */
  readonly #aloud = create("p", "aloud");
  readonly #bars = create("ol", "bars");
  readonly #root: HTMLElement;
  readonly #actions: ViewActions;
  #texts: Texts;
  #lang = "en";

  constructor(host: HTMLElement, actions: ViewActions, texts: Texts) {
    this.#actions = actions;
    this.#texts = texts;
    const shadow = host.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [styleSheet()];
    const file = create("input", "file");
    file.type = "file";
    file.accept = "image/*";
    file.hidden = true;
    file.addEventListener("change", () => {
      const [chosen] = file.files ?? [];
      if (chosen) actions.choose(chosen);
      file.value = ""; // the same file may be chosen again
    });
    for (const button of [this.#choose, this.#camera]) button.type = "button";
    this.#choose.addEventListener("click", () => file.click());
    this.#camera.addEventListener("click", actions.camera);
    this.video.muted = true;
    this.video.playsInline = true;
    this.#aloud.setAttribute("role", "status");
    this.#status.ariaHidden = "true";
    this.#canvas.setAttribute("role", "img");
    const controls = create("div", "controls", this.#choose, this.#camera, file);
    this.#root = create(
      "div",
      "root",
      slot("heading"),
      this.#stage,
      controls,
      this.#samples,
      this.#progress,
      this.#status,
      this.#aloud,
      this.#bars,
      slot("footer"),
    );
    shadow.append(this.#root);
    this.#acceptDrops(host);
    this.showNothing();
    this.showProgress(undefined);
  }

  /** Files that are dropped on the element, or pasted while the focus is in it. */
  #acceptDrops(host: HTMLElement): void {
    const take = (event: Event, data: DataTransfer | null): void => {
      const [file] = data?.files ?? [];
      if (!file) return;
      event.preventDefault();
      this.#actions.choose(file);
    };
    const dropping = (is: boolean) => this.#root.classList.toggle("dropping", is);
    host.addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      dropping(true);
    });
    host.addEventListener("dragleave", () => dropping(false));
    host.addEventListener("drop", (event) => {
      dropping(false);
      take(event, event.dataTransfer);
    });
    host.addEventListener("paste", (event) => take(event, event.clipboardData));
  }

  /** The texts, in `lang`, and what there is to choose. */
  setUp(texts: Texts, lang: string, { camera, upload, samples }: Sources): void {
    this.#texts = texts;
    this.#lang = lang;
    this.#choose.textContent = texts.choose;
    this.#choose.hidden = !upload;
    this.#camera.hidden = !camera;
    this.#hint.textContent = texts.hint;
    this.#canvas.setAttribute("aria-label", texts.picture);
    this.#bars.setAttribute("aria-label", texts.answers);
    this.#samples.setAttribute("role", "group");
    this.#samples.setAttribute("aria-label", texts.samples);
    this.#samples.hidden = !samples.length;
    this.#samples.replaceChildren(...samples.map((sample, i) => this.#sampleButton(sample, i + 1)));
    this.showCamera(!this.video.hidden);
  }

  #sampleButton(
    { thumbnail, picture }: Sources["samples"][number],
    number: number,
  ): HTMLButtonElement {
    const image = create("img", "sample-picture");
    image.crossOrigin = "anonymous";
    image.loading = "lazy";
    image.alt = filled(this.#texts.sample, { number });
    image.src = thumbnail;
    const button = create("button", "button sample", image);
    button.type = "button";
    button.addEventListener("click", () => this.#actions.sample(picture));
    return button;
  }

  showNothing(): void {
    this.#hint.hidden = false;
    this.#canvas.hidden = true;
    this.video.hidden = true;
  }

  showCamera(on: boolean): void {
    this.#camera.textContent = on ? this.#texts.stop : this.#texts.camera;
    this.#camera.setAttribute("aria-pressed", String(on));
    this.video.hidden = !on;
    if (!on) return;
    this.#hint.hidden = true;
    this.#canvas.hidden = true;
  }

  /** A picture, drawn: a policy may forbid `blob:` addresses of images. Nothing where the browser cannot. */
  async showPicture(blob: Blob): Promise<void> {
    this.showCamera(false);
    const bitmap = await createImageBitmap(blob).catch(() => undefined);
    if (!bitmap) return;
    const { width, height } = bitmap;
    const scale = Math.min(1, 1024 / Math.max(width, height));
    this.#canvas.width = Math.max(1, width * scale);
    this.#canvas.height = Math.max(1, height * scale);
    const context = this.#canvas.getContext("2d");
    context?.drawImage(bitmap, 0, 0, this.#canvas.width, this.#canvas.height);
    bitmap.close();
    this.#hint.hidden = true;
    this.#canvas.hidden = false;
  }

  /** A share from 0 to 1; undefined hides the bar. */
  showProgress(fraction: number | undefined): void {
    this.#progress.hidden = fraction === undefined;
    if (fraction !== undefined) this.#progress.value = fraction;
  }

  /** A line, which screen readers read out unless it is one of very many. */
  say(text: string, aloud = true): void {
    this.#status.textContent = text;
    if (aloud && this.#aloud.textContent !== text) this.#aloud.textContent = text;
  }

  /** The most probable labels; rows stay, so that bars move instead of being built again. */
  showBars(top: readonly LabelProbability[]): void {
    while (this.#bars.children.length > top.length) this.#bars.lastElementChild!.remove();
    top.forEach(({ label, probability }, at) => {
      const row = this.#bars.children[at] ?? this.#row();
      const [name, track, value] = row.children as unknown as HTMLElement[];
      name!.textContent = label;
      (track!.firstElementChild as HTMLElement).style.inlineSize = `${100 * probability}%`;
      value!.textContent = this.percent(probability);
    });
  }

  #row(): HTMLLIElement {
    const track = create("div", "track", create("div", "fill"));
    const label = create("bdi", "label");
    const row = create("li", "bar", label, track, create("span", "value"));
    this.#bars.append(row);
    return row;
  }

  percent(share: number): string {
    return new Intl.NumberFormat(this.#lang, { style: "percent" }).format(share);
  }
}
