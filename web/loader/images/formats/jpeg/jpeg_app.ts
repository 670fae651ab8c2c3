import { concatenate, FormatError, textAt } from "../bytes.ts";
import { APP0, APP1, APP14, APP2 } from "./jpeg_markers.ts";
import type { Metadata } from "../orientation.ts";

const EXIF = "Exif\0\0";
const XMP = "http://ns.adobe.com/xap/1.0/\0";
const PROFILE = "ICC_PROFILE\0";
/** Position of the number of segments of a profile. */
const PROFILE_COUNT = 13;

/** What Pillow's `JpegImagePlugin.APP` reads of the application segments before the pixels. */
export class AppSegments {
  readonly metadata: Metadata = {};
  private profiles: Uint8Array[] = [];

  /** Whether decoders need the segment, as it defines the colour space. Raises FormatError where Pillow refuses it. */
  read(marker: number, content: Uint8Array): boolean {
    const starts = (text: string): boolean => textAt(content, 0, text.length) === text;
    const { metadata } = this;
    if (marker === APP1 && starts(EXIF)) {
      // Exif data that exceed a segment continue in the next.
      const { exif } = metadata;
      metadata.exif = exif ? concatenate([exif, content.subarray(EXIF.length)]) : content;
    } else if (marker === APP1 && starts(XMP)) {
      metadata.xmp = content.subarray(XMP.length);
    } else if (marker === APP2 && starts(PROFILE)) {
      this.profiles.push(content);
    }
    const kept = (marker === APP0 && starts("JFIF")) || (marker === APP14 && starts("Adobe"));
    if (kept && content.length < 7) throw damaged();
    return kept;
  }

  /** Pillow puts profiles together at the frame header. Raises FormatError. */
  readFrameHeader(): void {
    const [first] = this.profiles.sort(compare);
    if (first && first.length <= PROFILE_COUNT) throw damaged();
    this.profiles = [];
  }
}

function damaged(): FormatError {
  return new FormatError("The JPEG file is damaged: Pillow refuses an application segment.");
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}
