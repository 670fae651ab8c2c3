type Reader = ReadableStreamBYOBReader | ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

/**
 * Reads a body of `size` bytes into one buffer, directly where the browser has BYOB readers: separate pieces would
 * occupy hundreds of megabytes before they are collected. `read` is called with all bytes so far, at most `size` + 1, and
 * ends the download by throwing.
 */
export async function readBody(
  response: Response,
  size: number,
  read: (bytes: Uint8Array<ArrayBuffer>) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  let buffer = new ArrayBuffer(size + 1);
  let loaded = 0;
  const reader = response.body && readerOf(response.body);
  try {
    while (reader) {
      const room = new Uint8Array(buffer, loaded);
      const byob = isByob(reader);
      const { done, value } = byob ? await reader.read(room) : await reader.read();
      // A BYOB read detaches the buffer and returns it, also at the end.
      if (byob && value) buffer = value.buffer;
      if (done) break;
      if (!byob) room.set(value.subarray(0, room.length));
      loaded = Math.min(loaded + value.length, buffer.byteLength);
      read(new Uint8Array(buffer, 0, loaded));
    }
  } finally {
    // Stops the download where `read` threw.
    reader?.cancel().catch(() => {});
  }
  return new Uint8Array(buffer, 0, Math.min(loaded, size));
}

/** WebKitGTK 2.50 has no BYOB readers. */
function isByob(reader: Reader): reader is ReadableStreamBYOBReader {
  return (
    typeof ReadableStreamBYOBReader !== "undefined" && reader instanceof ReadableStreamBYOBReader
  );
}

function readerOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): Reader {
  try {
    return body.getReader({ mode: "byob" });
  } catch {
    return body.getReader();
  }
}
