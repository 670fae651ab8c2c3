import { FormatError, concatenate, truncated, type Bytes } from "../bytes.ts";
import { inflate } from "../compressed/inflate.ts";
import { orientationOf } from "../orientation.ts";
import { readChunks, readLateChunks, type PixelData } from "./png_chunks.ts";
import type { PngInfo } from "./png_header.ts";
import { PngRows } from "./png_rows.ts";
import { checkSize } from "../size.ts";

const PIECE_SIZE = 2 ** 14;

/**
 * Decodes a PNG as Pillow's `convert("RGB")` does: without gamma, profile and transparency, 16 bits truncated to the high
 * byte, but 16-bit grey clipped at 255 (PNG specification). Browsers apply these, and differ in rounding and in which
 * damaged files they accept. Raises FormatError for files that Pillow refuses.
 */
export async function decodePng(bytes: Bytes): Promise<{ pixels: ImageData; orientation: number }> {
  const { info, pixels: compressed } = readChunks(bytes);
  checkSize(info.width, info.height, "PNG");
  if (info.frame) checkSize(info.frame.width, info.frame.height, "PNG");
  if (info.colour < 0) throw new FormatError("The PNG file is of an unknown colour type.");
  const image = new ImageData(info.width, info.height);
  const rows = new PngRows(image, info);
  if (rows.partial) rows.fillMissing();
  const whole = !compressed.cut && (await inflateWhole(compressed, rows));
  const end = whole ? compressed.ends.at(-1)! : inflateDamaged(bytes, compressed, image, info);
  readLateChunks(bytes, end, info);
  return { pixels: image, orientation: orientationOf(info.metadata) };
}

/** Whether the data is just that of the lines, with a right checksum. */
async function inflateWhole({ pieces }: PixelData, rows: PngRows): Promise<boolean> {
  const stream = streamOf(pieces).pipeThrough(new DecompressionStream("deflate"));
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return rows.full;
      if (!rows.push(value)) break; // and no more of it is inflated
    }
  } catch (error) {
    if (error instanceof FormatError) throw error;
    return false;
  }
  await reader.cancel();
  return false;
}

/** Small pieces, as all that one inflates to is held: up to 1032 times its size. */
function streamOf(pieces: readonly Bytes[]): ReadableStream<Bytes> {
  let [index, at] = [0, 0];
  return new ReadableStream({
    pull(controller): void {
      const piece = pieces[index];
      if (!piece) {
        controller.close();
        return;
      }
      controller.enqueue(piece.subarray(at, at + PIECE_SIZE));
      at += PIECE_SIZE;
      if (at >= piece.length) [index, at] = [index + 1, 0];
    },
  });
}

/**
 * Decodes what Pillow's `ImagingZipDecode` accepts: lines may be missing after the end of the data, surplus data and a
 * checksum that Pillow does not get to read are ignored. Returns the end of the last chunk that it reads. Raises FormatError.
 */
function inflateDamaged(
  bytes: Bytes,
  { pieces, ends }: PixelData,
  image: ImageData,
  info: PngInfo,
): number {
  const rows = new PngRows(image, info);
  const input = concatenate(pieces);
  const { size, end, lastWrite, read } = inflate(input, rows.size, (piece) => rows.push(piece));
  let piece = 0;
  let pieceEnd = pieces[0]?.length ?? 0;
  while (pieceEnd < lastWrite) pieceEnd += pieces[++piece]!.length;
  const ended = end === "whole" && read <= pieceEnd;
  const accepted = rows.full
    ? end !== "invalid" || read > pieceEnd
    : ended && rows.between && size > 0;
  if (!accepted) throw truncated(bytes, "PNG");
  if (!rows.full) {
    const again = new PngRows(image, info);
    again.fillMissing();
    inflate(input, again.size, (piece) => again.push(piece));
  }
  return ends[piece]!;
}
