/** Errors in a visitor's words: what happened, and what to do. */
import {
  BackendError,
  DecodeError,
  DownloadError,
  IntegrityError,
  ManifestError,
} from "../loader/torch2web.ts";
import { t } from "./texts.ts";

export interface Problem {
  title: string;
  advice: string;
  /** The error itself, for those who look after the page. */
  detail: string;
  remedy: "retry" | "reload" | "";
}

/** Brands of an ISO base media file (ISO 23008-12) that say that it is HEIC. */
const HEIC = /^ftyp(hei[cxms]|hev[cmsx]|mif1|msf1)/;

/** `image` is the picture that was asked about, if there was one. */
export async function explain(error: unknown, image?: Blob): Promise<Problem> {
  const [title, advice, remedy = ""] = await inWords(error, image);
  return { title: t(title), advice: t(advice), detail: String(error), remedy };
}

type Words = [title: string, advice: string, remedy?: Problem["remedy"]];

async function inWords(error: unknown, image: Blob | undefined): Promise<Words> {
  if (!("WebAssembly" in globalThis)) {
    return [
      "This browser cannot compute here",
      "WebAssembly is switched off. In iOS's Lockdown Mode, allow it for this site; elsewhere, another browser has it.",
    ];
  }
  if (error instanceof DecodeError) return aboutPicture(image);
  if (error instanceof IntegrityError || error instanceof ManifestError) {
    return [
      "This page was renewed",
      "A file is not the one that this page was built with, so it was not used. Reload the page. If that does not help, its owner has to publish all files again.",
      "reload",
    ];
  }
  if (error instanceof DownloadError || error instanceof TypeError) {
    return navigator.onLine
      ? ["A file did not arrive", "The connection or the server failed. Try again.", "retry"]
      : [
          "You are offline",
          "This needs a file that is not on this device yet. It goes on by itself as soon as there is internet.",
          "retry",
        ];
  }
  if (error instanceof BackendError) {
    return [
      "This device cannot compute it",
      "The network did not run here, or its numbers were not PyTorch's, so no answer is shown. Another browser may help.",
      "retry",
    ];
  }
  return ["This did not work", "Try again, or reload the page.", "retry"];
}

async function aboutPicture(image: Blob | undefined): Promise<Words> {
  const begin = new Uint8Array(await (image ?? new Blob()).slice(0, 12).arrayBuffer());
  if (!begin.length) return ["The file is empty", "Choose another one."];
  if (HEIC.test(String.fromCharCode(...begin.slice(4)))) {
    return [
      "This browser cannot read HEIC",
      "iPhones save photos like that. Share the photo as JPEG: when you share it, tap Options and choose Most Compatible; or set Settings, Camera, Formats to Most Compatible for new ones. Safari reads HEIC as it is.",
    ];
  }
  if (image?.type && !image.type.startsWith("image/")) {
    return ["This is not a picture", "Choose a photo or another picture: JPEG, PNG or WebP."];
  }
  return [
    "This picture cannot be read here",
    "It is damaged, or of a kind that this browser does not know. JPEG, PNG and WebP always work.",
  ];
}
