/**
 * Loads a model where the loader cannot run: `node environment.mjs SITE URL [jsdom]`, where URL serves SITE. Prints the
 * error.
 */
import { pathToFileURL } from "node:url";

const [site, baseURL, jsdom] = process.argv.slice(2);
if (jsdom) {
  // A <link> never loads.
  globalThis.window = globalThis;
  globalThis.document = {
    baseURI: baseURL,
    createElement: () => ({ relList: { supports: () => true }, remove() {} }),
    head: { append() {} },
  };
  Object.defineProperty(globalThis, "navigator", {
    value: { userAgent: "Mozilla/5.0 (linux) AppleWebKit/537.36 jsdom/26.1.0" },
  });
}
const { loadModel } = await import(pathToFileURL(`${site}/torch2web.js`).href);
for (const options of [{ baseURL }, {}]) {
  await loadModel("mobilenet_emotion", options).catch(({ name, message }) =>
    console.log(JSON.stringify({ name, message })),
  );
}
