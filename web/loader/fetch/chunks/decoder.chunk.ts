/** Decodes coded weights (web/coder/format.h): they are smaller to download, and the same bytes afterwards. */
import type * as Errors from "../../api/errors.ts";
import type { FileInfo } from "../../api/manifest.ts";
import { DECODER } from "./decoder_module.ts";

type Bytes = Uint8Array<ArrayBuffer>;

interface Exports {
  memory: WebAssembly.Memory;
  __heap_base: WebAssembly.Global<"i32">;
  /** 0 where the bytes are a whole part. */
  decode: (from: number, size: number, out: number, length: number) => number;
}

const PAGE = 65_536;

let instance: Promise<Exports> | undefined;

/**
 * The bytes of a part that arrived as `coded`, decoded where it is coded. Raises the loader's own BackendError, of which
 * this chunk would have another, where it is damaged or memory is short.
 */
export async function decodePart(
  coded: Bytes,
  { decoded: length }: Pick<FileInfo, "decoded">,
  BackendError: typeof Errors.BackendError,
): Promise<Bytes> {
  if (length === undefined) return coded;
  instance ??= instantiate(BackendError);
  const { memory, __heap_base, decode } = await instance;
  const from = __heap_base.value;
  const out = from + coded.length;
  const missing = Math.ceil((out + length - memory.buffer.byteLength) / PAGE);
  try {
    if (missing > 0) memory.grow(missing);
  } catch (error) {
    throw new BackendError("This device has no memory to decode the weights.", { cause: error });
  }
  new Uint8Array(memory.buffer).set(coded, from);
  if (decode(from, coded.length, out, length)) {
    throw new BackendError(
      `The weights cannot be decoded: found ${coded.length} damaged bytes, expected ${length} bytes in coded form.`,
    );
  }
  return new Uint8Array(memory.buffer.slice(out, out + length));
}

async function instantiate(BackendError: typeof Errors.BackendError): Promise<Exports> {
  const module = Uint8Array.from(atob(DECODER), (letter) => letter.charCodeAt(0));
  try {
    return (await WebAssembly.instantiate(module)).instance.exports as unknown as Exports;
  } catch (error) {
    instance = undefined;
    throw new BackendError("The decoder of the weights does not run here.", { cause: error });
  }
}
