/** In place of globals that Node lacks, in all modules of the package's Node bundle. */
import { builtin } from "./builtin.ts";

/** The part of the browsers' class that the loader uses. */
export class ImageData {
  readonly data: Uint8ClampedArray<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
  readonly colorSpace = "srgb";
  readonly [Symbol.toStringTag] = "ImageData";

  constructor(width: number, height: number) {
    this.data = new Uint8ClampedArray(4 * width * height);
    this.width = width;
    this.height = height;
  }
}

/** `fetch`, of `file:` URLs too. */
export async function fetch(address: string | URL, init: RequestInit = {}): Promise<Response> {
  const url = new URL(address);
  if (url.protocol !== "file:") return globalThis.fetch(url, init);
  init.signal?.throwIfAborted();
  const { readFile } = builtin("node:fs/promises");
  try {
    return new Response(await readFile(url));
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT") throw error;
    return new Response(null, { status: 404 });
  }
}
