const KEY_FRAME = [0x9d, 0x01, 0x2a];
const VP8_HEADER_SIZE = 10;
const VP8L_HEADER_SIZE = 5;
const VP8L_SIGNATURE = 0x2f;

interface Size {
  width: number;
  height: number;
}

/**
 * The size in the header of a VP8 or VP8L bitstream (RFC 6386, section 9.1; RFC 9649, section 3.4). Undefined for a header
 * that libwebp refuses. `content` may be padded, `size` is without that.
 */
export function sizeOfBitstream(
  kind: "VP8 " | "VP8L",
  content: Uint8Array,
  size: number,
): Size | undefined {
  return kind === "VP8L" ? sizeOfVp8l(content) : sizeOfVp8(content, size);
}

function sizeOfVp8(content: Uint8Array, size: number): Size | undefined {
  if (content.length < VP8_HEADER_SIZE) return undefined;
  if (KEY_FRAME.some((byte, i) => content[3 + i] !== byte)) return undefined;
  const tag = content[0]! | (content[1]! << 8) | (content[2]! << 16);
  const isKeyFrame = (tag & 1) === 0;
  const version = (tag >> 1) & 7;
  const isShown = (tag & 0x10) !== 0;
  const firstPartition = tag >> 5;
  const [width, height] = [uint14(content, 6), uint14(content, 8)];
  const isValid = isKeyFrame && version <= 3 && isShown && firstPartition < size;
  return isValid && width && height ? { width, height } : undefined;
}

function sizeOfVp8l(content: Uint8Array): Size | undefined {
  const isValid = content.length >= VP8L_HEADER_SIZE && content[0] === VP8L_SIGNATURE;
  if (!isValid || content[4]! >> 5) return undefined; // a later version
  const height = (content[2]! >> 6) | (content[3]! << 2) | ((content[4]! & 15) << 10);
  return { width: uint14(content, 1) + 1, height: height + 1 };
}

function uint14(bytes: Uint8Array, at: number): number {
  return bytes[at]! | ((bytes[at + 1]! & 63) << 8);
}
