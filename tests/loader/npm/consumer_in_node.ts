/** Compiled against the package's types for Node. */
import { loadModel, type NodeModel } from "torch2web";

export async function classify(
  data: Uint8Array,
  width: number,
  height: number,
): Promise<string> {
  const model: NodeModel = await loadModel("one", { baseURL: "site/" });
  const [first] = await model.predictBatch([
    { data, width, height },
    "photo.png",
    data,
  ]);
  // @ts-expect-error: there is no video
  model.watch();
  return first!.label;
}
