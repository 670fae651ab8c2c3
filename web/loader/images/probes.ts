/** Whether the decoder decodes known files as Pillow does. */
import { decodeByBrowser } from "./browser_decoder.ts";
import type { Probe } from "./formats/probe.ts";

const probed = new Map<Probe, Promise<boolean>>();

/** Whether the decoder decodes a known file as Pillow does; run once for each probe. */
export function passes(probe: Probe): Promise<boolean> {
  const known = probed.get(probe) ?? runProbe(probe);
  probed.set(probe, known);
  return known;
}

async function runProbe({ file, sum }: Probe): Promise<boolean> {
  const { data } = await decodeByBrowser(file);
  let index = 0;
  const found = data.reduce(
    (total, value, i) => (i % 4 === 3 ? total : total + value * ++index),
    0,
  );
  return found === sum;
}
