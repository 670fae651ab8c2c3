/** Runs the whole suite in a browser without a driver, and posts the outcome. */
import { compare, describe, resizeTable, tensors } from "./probe.js";

async function runSuite() {
  const suite = await (await fetch("/suite.json")).json();
  const models = {};
  for (const backend of suite.backends) {
    models[backend] = {};
    for (const name of suite.models)
      models[backend][name] = await compare(name, suite.pictures, {
        backends: [backend],
      });
  }
  return {
    agent: navigator.userAgent,
    isolated: crossOriginIsolated,
    models,
    sizes: await resizeTable(suite.models[0], suite.sizes),
    corpus: await tensors(suite.models[0], suite.corpus),
  };
}

const outcome = await runSuite().catch((error) => describe(error));
await fetch("/outcome", { method: "POST", body: JSON.stringify(outcome) });
