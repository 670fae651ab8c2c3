/** Decodes lossless WebP files as the loader does; reports pixels and peak memory in JSON. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

class PlainImageData {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;

  constructor(width: number, height: number) {
    [this.width, this.height] = [width, height];
    this.data = new Uint8ClampedArray(4 * width * height);
  }
}
Object.assign(globalThis, { ImageData: PlainImageData });

const { prepareWebp } =
  await import("../../web/loader/images/formats/webp/webp.ts");

const reports = process.argv.slice(2).map((path) => {
  const { width, height, data } = prepareWebp(
    new Uint8Array(readFileSync(path)),
  ).pixels!;
  const sha256 = createHash("sha256").update(data).digest("hex");
  return { size: [width, height], sha256 };
});
// On Linux the maximum of resourceUsage() includes that of the parent process.
const status = existsSync("/proc/self/status")
  ? readFileSync("/proc/self/status", "utf8")
  : "";
const peak =
  Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? process.resourceUsage().maxRSS) *
  1024;
console.log(JSON.stringify({ reports, peak }));
