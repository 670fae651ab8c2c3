/** Decodes files with the loader's `decode` and reports plain data. `<html data-ready>`: this module has run. */
import { decode } from "/decode.js";

/**
 * For each file, given as name and content in base64: hash of size and RGB pixels or the error, the reason if it is not exact,
 * the decoder and its time.
 */
async function decodeFiles(files, orientation) {
  const results = {};
  for (const [name, content] of files) {
    const bytes = Uint8Array.from(atob(content), (letter) =>
      letter.charCodeAt(0),
    );
    const start = performance.now();
    const result = await decode(
      new Blob([bytes]),
      orientation,
      new URL("/", location.href),
    ).then(summary, ({ name, message, cause }) => ({
      error: name,
      message,
      cause: String(cause),
    }));
    results[name] = { ...result, ms: performance.now() - start };
  }
  return results;
}

async function summary({ pixels: { width, height, data }, by, inexact }) {
  const head = new TextEncoder().encode(`${width}x${height} `);
  const bytes = new Uint8Array(head.length + 3 * width * height);
  bytes.set(head);
  for (let from = 0, to = head.length; to < bytes.length; from += 4) {
    bytes[to++] = data[from];
    bytes[to++] = data[from + 1];
    bytes[to++] = data[from + 2];
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const pixels = Array.from(digest, (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  return { pixels, by, inexact };
}

window.decodeFiles = decodeFiles;
document.documentElement.dataset.ready = "";
