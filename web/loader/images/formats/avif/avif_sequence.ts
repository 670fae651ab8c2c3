import { boxesIn, FieldReader, type Box } from "./avif_boxes.ts";
import { truncated, type Bytes } from "../bytes.ts";

const CONTAINERS = ["edts", "mdia", "minf", "stbl", "tref"];
/** Fields of a sample entry before its boxes. */
const VISUAL_ENTRY_SIZE = 78;

/** libavif's default limit: 12 hours at 60 frames a second. */
const MAX_SAMPLES = 12 * 3600 * 60;

/** The first frame of an image sequence. */
export interface FirstFrame {
  width: number;
  height: number;
  data: Bytes;
  properties: Box[];
}

/**
 * Reads the first track of pictures in the `moov` box of an image sequence (ISO/IEC 14496-12) as libavif does. It refuses a
 * file that lacks the data of any frame, though Pillow decodes only the first one. Raises FormatError.
 */
export function readSequence(moov: Bytes, file: Bytes): FirstFrame {
  const tracks = boxesIn(moov)
    .filter(({ kind }) => kind === "trak")
    .map(({ content }) => boxesOfTrack(content));
  let first: FirstFrame | undefined;
  for (const track of tracks) {
    const [stsd, tkhd] = [track.get("stsd"), track.get("tkhd")];
    const entry = stsd && sampleEntry(stsd);
    if (!entry || !tkhd) continue;
    const data = firstSample(track, file);
    if (!data) continue;
    if (!track.has("auxl")) first ??= { ...sizeOf(tkhd), data, properties: entry };
  }
  if (!first) throw truncated(file, "AVIF");
  return first;
}

type Track = Map<string, Bytes>;

/** All boxes in a track, by kind. */
function boxesOfTrack(trak: Bytes): Track {
  const track: Track = new Map<string, Bytes>();
  for (const { kind, content } of boxesIn(trak)) {
    track.set(kind, content);
    if (!CONTAINERS.includes(kind)) continue;
    for (const [inner, box] of boxesOfTrack(content)) track.set(inner, box);
  }
  if (track.has("edts") && !track.has("elst")) throw truncated(trak, "AVIF");
  return track;
}

/** The boxes of the sample entry for AV1. */
function sampleEntry(stsd: Bytes): Box[] | undefined {
  const fields = new FieldReader(stsd);
  fields.version(0);
  for (let count = fields.number(4); count > 0; count--) {
    const { kind, content } = fields.box();
    if (kind === "av01") return boxesIn(content.subarray(VISUAL_ENTRY_SIZE));
  }
  return undefined;
}

function sizeOf(tkhd: Bytes): { width: number; height: number } {
  const fields = new FieldReader(tkhd);
  const { version } = fields.version(1);
  fields.bytes(version ? 32 : 20); // times, id and duration
  fields.bytes(52);
  const [width, height] = [fields.number(4), fields.number(4)].map((value) => value >>> 16);
  if (!width || !height) throw fields.damaged();
  return { width, height };
}

/** The data of the first frame. Raises FormatError if the file ends in any, or has more than libavif allows. */
function firstSample(track: Track, file: Bytes): Bytes | undefined {
  const runs = runsOf(track.get("stsc"));
  const [size, sizes] = sizesOf(track.get("stsz"));
  const fields = new FieldReader(file);
  let first: Bytes | undefined;
  let [run, number] = [0, 0];
  chunkOffsets(track).forEach((offset, chunk) => {
    while (run < runs.length && runs[run]![0]! <= chunk + 1) run++;
    fields.at = offset;
    const end = number + (runs[run - 1]?.[1] ?? 0);
    if (end === number || end > MAX_SAMPLES) throw fields.damaged();
    for (; number < end; number++) {
      const data = fields.bytes(size || (sizes[number] ?? -1));
      first ??= data;
    }
  });
  return first;
}

function chunkOffsets(track: Track): number[] {
  const stco = track.get("stco");
  const table = stco ?? track.get("co64");
  return table ? rowsOf(table, [stco ? 4 : 8]).map(([offset]) => offset!) : [];
}

/** Of each run of chunks: the number of the first one, and the samples in each. */
function runsOf(stsc: Bytes | undefined): number[][] {
  return stsc ? rowsOf(stsc, [4, 4, 4]) : [];
}

/** The size of all samples, or 0 and a table. */
function sizesOf(stsz: Bytes | undefined): [number, number[]] {
  if (!stsz) return [0, []];
  const size = new FieldReader(stsz.subarray(4)).number(4);
  return [size, size ? [] : rowsOf(stsz.subarray(4), [4]).map(([value]) => value!)];
}

/** A table behind the version of a full box and the number of its rows. */
function rowsOf(table: Bytes, sizes: readonly number[]): number[][] {
  const fields = new FieldReader(table);
  fields.version(0);
  const rows: number[][] = [];
  for (let count = fields.number(4); count > 0; count--) {
    rows.push(sizes.map((size) => fields.number(size)));
  }
  return rows;
}
