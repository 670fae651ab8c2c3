/** The picture, its samples, and the ways to choose one. */
import { element } from "./element.ts";
import { t } from "./texts.ts";

const app = element("app");
const preview = element("preview") as HTMLImageElement;
const fileInput = element("file") as HTMLInputElement;
const hint = element("hint");

export const samples = [...document.querySelectorAll<HTMLButtonElement>(".sample")];

export interface Handlers {
  sample: (button: HTMLButtonElement) => void;
  file: (file: File | null | undefined) => void;
  /** Several files, or a folder among what was dropped. */
  several: (files: readonly File[], entries: readonly FileSystemEntry[]) => void;
}

export function onPictures(handlers: Handlers): void {
  for (const button of samples) button.addEventListener("click", () => handlers.sample(button));
  const choose = (list: FileList | undefined | null, entries: FileSystemEntry[] = []): void => {
    const files = [...(list ?? [])];
    if (files.length > 1 || entries.some(({ isDirectory }) => isDirectory)) {
      handlers.several(files, entries);
    } else handlers.file(files[0]);
  };
  fileInput.addEventListener("change", () => {
    choose(fileInput.files);
    fileInput.value = ""; // the same file can be chosen again
  });
  document.addEventListener("paste", (event) => choose(event.clipboardData?.files));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    app.classList.add("dragging");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) app.classList.remove("dragging");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    app.classList.remove("dragging");
    const items = [...(event.dataTransfer?.items ?? [])];
    const entries = items.map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
    choose(event.dataTransfer?.files, entries);
  });
}

export function markSample(chosen: HTMLButtonElement | undefined): void {
  for (const button of samples) button.setAttribute("aria-pressed", String(button === chosen));
}

export function showImage(blob: Blob, title: string): void {
  URL.revokeObjectURL(preview.src);
  preview.alt = title || t("The chosen picture");
  preview.src = URL.createObjectURL(blob);
  preview.hidden = false;
  hint.hidden = true;
}

preview.addEventListener("error", () => {
  // In place of a browser's broken image.
  preview.hidden = true;
  hint.hidden = false;
  hint.textContent = t("No preview of this file");
});
