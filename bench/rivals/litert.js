/** A network for LiteRT.js on WebAssembly, from the file that litert.py wrote, which bundles this for the page. */
import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";

/** The network that `folder` holds under `name`: NHWC pixels in, a promise of logits out. */
export async function loadNetwork(folder, name, threads) {
  await loadLiteRt(folder, { threads: threads > 1 });
  const network = await loadAndCompile(`${folder}${name}.tflite`, {
    accelerator: "wasm",
    cpuOptions: { numThreads: threads },
  });
  return async (pixels, shape) => {
    const input = new Tensor(pixels, shape);
    const [logits] = await network.run(input);
    const found = logits.toTypedArray().slice();
    input.delete();
    logits.delete();
    return found;
  };
}
