/** Decodes lossless WebP files as the loader does, and reports pixels, CPU time and memory of each in JSON. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

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

const { prepareWebp } = await import("../../web/loader/images/formats/webp.ts");

const [runs, ...paths] = process.argv.slice(2);
const reports = paths.map((path) => {
  const file = new Uint8Array(readFileSync(path));
  let pixels: ImageData | undefined;
  let seconds = Infinity;
  for (let run = 0; run < Number(runs); run++) {
    const start = process.cpuUsage();
    ({ pixels } = prepareWebp(file));
    const { user, system } = process.cpuUsage(start);
    seconds = Math.min(seconds, (user + system) / 1e6);
  }
  const { width, height, data } = pixels!;
  const sha256 = createHash("sha256").update(data).digest("hex");
  return { size: [width, height], sha256, seconds };
});
const peak = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ reports, peak }));
