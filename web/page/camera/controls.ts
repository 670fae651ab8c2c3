/** The camera's elements: its state, buttons and hints. */
import { element } from "../element.ts";
import { t } from "../texts.ts";
import { hasTwoSides, listCameras, type Camera, type Facing, type Wanted } from "./device.ts";

export type State = "off" | "asking" | "live" | "paused" | "problem";

export interface Handlers {
  again: () => void;
  stop: () => void;
  pause: () => void;
  take: () => void;
  torch: (on: boolean) => void;
  use: (wanted: Wanted) => void;
}

const root = element("camera");
const hint = element("camera-hint");
const message = element("camera-message");
const again = element("camera-again");
const pause = element("camera-pause");
const flip = element("camera-flip");
const torch = element("camera-torch");
const chooser = element("camera-device") as HTMLSelectElement;
const strip = element("strip");

const ASKING =
  "Your browser asks whether this page may use the camera. Its picture stays on this device.";

export class Controls {
  #state: State = "off";
  #facing: Facing = "user";

  constructor(handlers: Handlers) {
    const onClick = (id: string, handler: () => void): void => {
      element(id).addEventListener("click", handler);
    };
    onClick("camera-again", handlers.again);
    onClick("camera-stop", handlers.stop);
    onClick("camera-close", handlers.stop);
    onClick("camera-take", handlers.take);
    onClick("camera-pause", handlers.pause);
    onClick("camera-torch", () => handlers.torch(!isPressed(torch)));
    onClick("camera-flip", () => {
      this.#facing = this.#facing === "user" ? "environment" : "user";
      handlers.use({ facing: this.#facing });
    });
    chooser.addEventListener("change", () => handlers.use({ deviceId: chooser.value }));
  }

  get state(): State {
    return this.#state;
  }

  set state(state: State) {
    const focused = root.contains(document.activeElement);
    this.#state = state;
    root.dataset["state"] = state;
    root.hidden = state === "off";
    strip.hidden = state === "off" || state === "problem";
    press(pause, state === "paused");
    again.hidden = state !== "problem";
    if (state === "asking") message.textContent = t(ASKING);
    if (state !== "live" && state !== "paused") this.hint("");
    // The button that was pressed is hidden now; the next one to press takes the focus.
    if (focused && state === "off") element("camera-start").focus();
    if (focused && state === "problem") again.focus();
  }

  /** Ends with what went wrong. */
  problem(text: string): void {
    this.state = "problem";
    message.textContent = text;
  }

  /** Shows a hint over the picture; an empty one hides it, or only that one which is `shown`. */
  hint(text: string, shown?: string): void {
    if (shown !== undefined && hint.textContent !== shown) return;
    hint.textContent = text;
    hint.hidden = !text;
  }

  /** Shows what a camera can do. */
  show({ mirrored, hasTorch }: Camera): void {
    root.classList.toggle("mirrored", mirrored);
    torch.hidden = !hasTorch;
    this.torch = false;
  }

  /** Lists the cameras to choose from. */
  async list({ deviceId }: Camera): Promise<void> {
    const cameras = await listCameras();
    const twoSides = hasTwoSides(cameras.length);
    flip.hidden = !twoSides;
    element("camera-choice").hidden = twoSides || cameras.length < 2;
    chooser.replaceChildren(
      ...cameras.map(
        ({ deviceId: value, name }) => new Option(name, value, false, value === deviceId),
      ),
    );
  }

  set torch(on: boolean) {
    press(torch, on);
  }

  set hasStrip(has: boolean) {
    strip.hidden = !has;
  }

  /** Answers a second, at most. */
  set rate(rate: number | undefined) {
    if (rate) root.dataset["rate"] = rate.toFixed(1);
  }
}

function press(button: HTMLElement, pressed: boolean): void {
  button.setAttribute("aria-pressed", String(pressed));
}

function isPressed(button: HTMLElement): boolean {
  return button.getAttribute("aria-pressed") === "true";
}
