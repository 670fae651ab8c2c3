/** A server that looks at a picture of the camera now and then, if the catalogue names one and the visitor agrees. */
import type { Recalibration, WatchOptions } from "../../loader/torch2web.ts";
import { element } from "../element.ts";
import { t } from "../texts.ts";

/** Seconds between two pictures; the page says so. */
const EVERY = 30;

/** Milliseconds by which a picture may be early: a camera that starts again sends none before. */
const EARLY = 1_000;

/** The switch below the answer, off until the visitor sets it. */
export class ServerCheck {
  /** Absent where the catalogue names no server. */
  readonly #panel = document.getElementById("server-check");
  readonly #switch = this.#panel?.querySelector("input");
  /** The line at the top of the page that says where pictures go. */
  readonly #where = element("where").lastElementChild!;
  /** A closed lock, shown while no picture leaves the device. */
  readonly #lock = element("where").firstElementChild!;
  readonly #here = this.#where.textContent;
  #isOffered = false;
  #sent = 0;
  #sentAt = -Infinity;

  /** `onSwitch` is called when the visitor has switched it on or off. */
  constructor(onSwitch: () => void) {
    this.#panel?.addEventListener("change", () => {
      this.#say(
        this.#isOn
          ? t("On: the next picture goes to {0}.", this.#host)
          : t("Off: no picture leaves your device."),
      );
      this.#tellWhere();
      onSwitch();
    });
  }

  /** Shows or hides the switch; while it is hidden nothing is sent. */
  offer(isOffered: boolean): void {
    this.#isOffered = isOffered;
    if (this.#panel) this.#panel.hidden = !this.#isOffered;
    this.#tellWhere();
  }

  /** For `watch`; nothing while it is off. */
  get options(): Pick<WatchOptions, "recalibrate"> {
    if (!this.#isOn) return {};
    return {
      recalibrate: {
        url: this.#panel!.dataset["url"]!,
        every: EVERY * 1000,
        consent: () => this.#isOn && Date.now() - this.#sentAt >= EVERY * 1000 - EARLY,
        onChange: (change) => this.#tell(change),
      },
    };
  }

  get #isOn(): boolean {
    return this.#isOffered && Boolean(this.#switch?.checked);
  }

  get #host(): string {
    return this.#panel!.dataset["host"]!;
  }

  #tell({ state, time, bytes = 0, problem = "" }: Recalibration): void {
    if (!this.#isOn) return; // what came of a picture from before it was switched off
    const host = this.#host;
    if (state === "sending") {
      this.#sent++;
      this.#sentAt = time;
      this.#say(t("A picture of {0} KB goes to {1} …", Math.ceil(bytes / 1000), host));
    } else if (state === "corrected") {
      const at = new Date(this.#sentAt).toLocaleTimeString(document.documentElement.lang);
      this.#say(
        t("{0} has looked at the picture of {1}. Pictures sent so far: {2}.", host, at, this.#sent),
      );
    } else if (state === "failed") {
      this.#say(t("{0} gave no answer: only your device answers. ({1})", host, problem));
    } else if (state === "ended") {
      this.#switch!.checked = false; // a camera that starts again would ask again
      this.#tellWhere();
      this.#say(t("{0} is not asked any more: only your device answers. ({1})", host, problem));
    }
  }

  #say(text: string): void {
    element("server-check-status").textContent = text;
  }

  #tellWhere(): void {
    this.#lock.toggleAttribute("hidden", this.#isOn);
    this.#where.textContent = this.#isOn
      ? t("On your device; a picture of the camera goes to {0} every 30 seconds", this.#host)
      : this.#here;
  }
}
