/** `node versions.mjs SITE…`: what loading from sites of other versions gives in Node, as one line of JSON. */
import { listModels, loadEnsemble, loadModel } from "torch2web";

const CALLS = {
  model: (baseURL) => loadModel("one", { baseURL }).then(({ backend }) => backend.name),
  threads: (baseURL) =>
    loadModel("one", { baseURL, threads: 2 }).then(({ backend }) => backend.name),
  ensemble: (baseURL) => loadEnsemble(["one", "two"], { baseURL }).then(() => "an ensemble"),
  list: (baseURL) => listModels(baseURL).then((models) => models.length),
};

const found = [];
for (const site of process.argv.slice(2)) {
  const answers = {};
  for (const [name, call] of Object.entries(CALLS)) {
    answers[name] = await call(site).catch(({ name, message }) => `${name}: ${message}`);
  }
  found.push(answers);
}
console.log(JSON.stringify(found));
