/** Why there is no camera, in a visitor's words, and what to do. */
import { t } from "../texts.ts";

const OTHER = "You can choose a picture instead.";

const TEXTS: Record<string, string> = {
  NotAllowedError:
    "This page may not use the camera. Allow it in the browser: the camera or lock symbol beside the address, or the browser's settings for this page. Then start again.",
  SecurityError:
    "Cameras are switched off for this page, by the browser's settings or by the page that contains it.",
  NotFoundError: "No camera was found. Connect one, or open this page on a phone.",
  OverconstrainedError: "That camera is not there any more. Start again to use another one.",
  NotReadableError:
    "The camera does not answer. Another program may have it, such as a video call: end it there, then start again.",
  AbortError:
    "The camera did not start. Start again; if that does not help, unplug it or restart the browser.",
};

/** What a failure to open the camera means. */
export function explainCamera(error: unknown): string {
  if (!isSecureContext) {
    return withOther(
      "Browsers give cameras only to pages with a secure address, which begins with https://.",
    );
  }
  if (!("mediaDevices" in navigator)) return withOther("This browser has no camera for pages.");
  const { name } = error as { name?: string };
  const text = TEXTS[name ?? ""] ?? TEXTS["AbortError"]!;
  return name === "SecurityError" || name === "NotFoundError" ? withOther(text) : t(text);
}

function withOther(text: string): string {
  return `${t(text)} ${t(OTHER)}`;
}

/** While the camera ran. */
export const TAKEN_AWAY = t(
  "The camera was taken away: it was unplugged, or its permission was withdrawn. Start again when it is back.",
);
export const MUTED = t(
  "The camera gives no picture at the moment: another program, a call or a closed cover may have taken it.",
);
export const DARK = t("It is dark: with more light the answer is more reliable.");
export const RESTED = t(
  "The camera was switched off because this page was in the background. Start again to go on.",
);
