/** Markers of JPEG (ITU-T T.81, table B.1). */
export const SOF0 = 0xc0;
export const SOF2 = 0xc2;
export const DHT = 0xc4;
export const RST0 = 0xd0;
export const RST7 = 0xd7;
export const DAC = 0xcc;
export const SOI = 0xd8;
export const EOI = 0xd9;
export const SOS = 0xda;
export const DQT = 0xdb;
export const DRI = 0xdd;
export const APP0 = 0xe0;
export const APP1 = 0xe1;
export const APP2 = 0xe2;
export const APP14 = 0xee;
const APP15 = 0xef;
const TEM = 0x01;
const DNL = 0xdc;
const COM = 0xfe;

/** A marker, its segment as a whole and its content, and the entropy-coded data that follows a scan header. */
export interface Segment {
  marker: number;
  whole: Uint8Array;
  content: Uint8Array;
  data: Uint8Array;
}

export function isRestart(marker: number): boolean {
  return marker >= RST0 && marker <= RST7;
}

/** SOF0 to SOF2: the frames that browsers decode, sequential and progressive with Huffman codes. */
export function isFrame(marker: number): boolean {
  return marker >= SOF0 && marker <= SOF2;
}

/** Markers without a segment. */
export function isAlone(marker: number): boolean {
  return marker === TEM || isRestart(marker);
}

/** Markers whose segment libjpeg reads or skips between others; it refuses files with markers that are none of these. */
export function isTable(marker: number): boolean {
  const known = [DHT, DQT, DRI, DAC, DNL, COM].includes(marker);
  return known || (marker >= APP0 && marker <= APP15);
}

/** Position of the next marker's 0xff, fill bytes and other bytes skipped, as libjpeg's `next_marker`; -1 if there is none. */
export function nextMarker(bytes: Uint8Array, from: number): number {
  for (let at = from; ; at++) {
    at = bytes.indexOf(0xff, at);
    if (at < 0 || at + 1 >= bytes.length) return -1;
    if (bytes[at + 1] !== 0xff && bytes[at + 1] !== 0) return at;
  }
}
