/** `node tensors.mjs FOLDER`: the tensor of each file of a folder, by its SHA-256, or the error's name, as one line of JSON. */
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { loadModel } from "torch2web";

const folder = process.argv[2];
const model = await loadModel("one", { baseURL: "public/torch2web" });
const results = {};
for (const name of readdirSync(folder)) {
  const path = `${folder}/${name}`;
  try {
    const tensor = await model.preprocess(path);
    const { inexact, decodedBy } = await model.predict(path);
    results[name] = {
      tensor: createHash("sha256").update(tensor).digest("hex"),
      inexact,
      decodedBy,
    };
  } catch (error) {
    results[name] = { tensor: error.name, inexact: "", decodedBy: "", message: error.message };
  }
}
console.log(JSON.stringify(results));
