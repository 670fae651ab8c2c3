const TEMPORAL_DELIMITER = 2;
const SEQUENCE_HEADER = 1;
const FRAMES = [3, 6];

/**
 * Whether `data` consists of whole open bitstream units, with a sequence header and a frame among them (AV1 specification,
 * section 5.3). A wrong position or size of the data shows here, without decoding it.
 */
export function isAv1(data: Uint8Array): boolean {
  const kinds: number[] = [];
  for (let at = 0; at < data.length;) {
    const header = data[at]!;
    const [kind, hasExtension, hasSize] = [(header >> 3) & 15, (header >> 2) & 1, header & 2];
    if (header & 0x80) return false;
    kinds.push(kind);
    at += 1 + hasExtension;
    let size = hasSize ? 0 : data.length - at;
    for (let shift = 0; hasSize; shift += 7) {
      const byte = data[at++] ?? NaN;
      size += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
      if (!(byte >= 128) || shift > 28) return false;
    }
    at += size;
    if (at > data.length) return false;
  }
  const first = kinds.find((kind) => kind !== TEMPORAL_DELIMITER);
  return first === SEQUENCE_HEADER && kinds.some((kind) => FRAMES.includes(kind));
}
