/**
 * The tests of verify.html under Node: `node --experimental-wasm-jspi smoke.mjs SITE URL`, where URL serves SITE.
 * Prints one line of JSON for each test, then the verdict's parts.
 *
 * Node has no modules from URLs, no <link> and no image decoder; this file has replacements.
 */
import { readFileSync, writeSync } from "node:fs";
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { registerHarness } from "../../../web/verify/harness.ts";
import { startPython } from "../../../web/verify/python.ts";

const [site, address] = process.argv.slice(2);
const base = new URL(address);

// An import of the site's URL runs the local file that is served there.
registerHooks({
  resolve(specifier, context, next) {
    const local = specifier.startsWith(base.href)
      ? pathToFileURL(
          `${site}/${specifier.slice(base.href.length).split("?")[0]}`,
        ).href
      : specifier;
    return next(local, context);
  },
});

// The loader's parts are beside the local file that it runs from.
const { fetch: fetchServed } = globalThis;
const folder = pathToFileURL(`${site}/`).href;
globalThis.fetch = (resource, options) =>
  fetchServed(String(resource).replace(folder, base.href), options);

/** <link rel="modulepreload" integrity="…">: fetches, checks the hash, and fires an event. */
class Link {
  load() {
    fetch(this.href, { integrity: this.integrity })
      .then((response) => (response.ok ? this.onload() : this.onerror()))
      .catch(() => this.onerror());
  }
  remove() {}
}

globalThis.document = {
  baseURI: base.href,
  createElement: () => new Link(),
  head: { append: (link) => link.load() },
};
globalThis.ImageData = class ImageData {
  constructor(width, height) {
    Object.assign(this, {
      width,
      height,
      data: new Uint8ClampedArray(4 * width * height),
    });
  }
};

// Written synchronously: data still in a pipe are lost when the process ends.
const print = (record) => writeSync(1, `${JSON.stringify(record)}\n`);

const html = readFileSync(`${site}/verify.html`, "utf-8");
const listing = JSON.parse(/id="listing">(.*?)<\/script>/s.exec(html)[1]);
const loader = await import(`${base.href}torch2web.js`);
const python = await startPython(base, listing, { folder: `${site}/verify/` });
registerHarness(
  python,
  base,
  loader,
  {
    collected: (names) => print({ collected: names }),
    report: (result) => print(result),
    onProgress: () => {},
  },
  { decodes: false },
);
print({
  junit: await python.runPythonAsync(
    "from in_page.run import run\nawait run()",
  ),
});
process.exit(0);
