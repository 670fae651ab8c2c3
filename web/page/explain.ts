/** Errors in a visitor's words. */
import { DecodeError, DownloadError, IntegrityError } from "../loader/torch2web.ts";

export function explain(error: unknown): string {
  if (error instanceof DecodeError) return "This picture cannot be read here.";
  if (error instanceof IntegrityError) {
    return "A file of this page is not the one it was built with, so it was not used. Reloading helps if the page was just renewed.";
  }
  if (error instanceof DownloadError) {
    return navigator.onLine
      ? "A file of this page could not be downloaded."
      : "This needs a file that is not on this device yet, and there is no internet to download it.";
  }
  return "This did not work.";
}
