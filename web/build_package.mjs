/**
 * Bundles the npm package from package/:
 *
 *     node build_package.mjs OUT VERSION
 *
 * index.js for browsers, with its chunks; react.js, which imports `torch2web`; node.js in one file; types of each. The
 * scripts are not minified, as bundlers do that; the worker's is, a string that bundlers leave as it is.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const [out, version] = process.argv.slice(2);
if (!version) throw new Error("build_package.mjs OUT VERSION: no version");

const common = {
  bundle: true,
  format: "esm",
  // The oldest browsers, as in docs/limits.md.
  target: ["chrome109", "firefox115", "safari16.4"],
  legalComments: "none",
  logLevel: "warning",
  // `__CHUNKS__` are those of a site. A script of the package has no URL by which one build could be told from another.
  define: {
    __CHUNKS__: "{}",
    __VERSION__: JSON.stringify(version),
    "import.meta.url": '"__BUILD__"',
  },
};

/** In place of `import.meta.url`, what tells builds apart: choices of a backend that were kept are those of one build. */
const BUILD = "__BUILD__";

/** Modules of the loader that each bundle has its own of, below package/. */
const REPLACED = {
  browser: {
    "fetch/chunks/chunks.ts": "browser/chunks.ts",
    "fetch/chunks/own_worker.ts": "browser/own_worker.ts",
    "fetch/site_url.ts": "browser/site_url.ts",
  },
  worker: {
    "fetch/chunks/chunks.ts": "worker/chunks.ts",
    "fetch/chunks/own_worker.ts": "worker/own_worker.ts",
    "fetch/site_url.ts": "browser/site_url.ts",
  },
  node: {
    "fetch/chunks/chunks.ts": "worker/chunks.ts",
    "fetch/chunks/own_worker.ts": "node/own_worker.ts",
    "fetch/site_url.ts": "node/site_url.ts",
    "images/browser_decoder.ts": "node/browser_decoder.ts",
    "images/canvas.ts": "node/canvas.ts",
    "load/environment.ts": "node/environment.ts",
  },
};

/** In scripts of a site, which are imported by their URL: what keeps bundlers from resolving it while they build. */
const IMPORT = {
  module: "fetch/chunks/scripts.ts",
  before: "import(url)",
  after: "import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ url)",
};

function replacing(bundle) {
  const replaced = REPLACED[bundle];
  return {
    name: "modules of the package",
    setup({ onResolve, onLoad, onEnd }) {
      const used = new Set();
      onResolve({ filter: /^\..*\.ts$/ }, ({ path, importer }) => {
        const target = relative(here("loader"), join(dirname(importer), path));
        // A module of the package may use the one that it replaces.
        if (!(target in replaced) || importer.startsWith(here("package/"))) return undefined;
        used.add(target);
        return { path: here(`package/${replaced[target]}`) };
      });
      onLoad({ filter: /\/scripts\.ts$/ }, async ({ path }) => {
        if (relative(here("loader"), path) !== IMPORT.module) return undefined;
        used.add(IMPORT.module);
        const parts = (await readFile(path, "utf-8")).split(IMPORT.before);
        if (parts.length !== 2) throw new Error(`${path}: expected one ${IMPORT.before}`);
        return { contents: parts.join(IMPORT.after), loader: "ts" };
      });
      onEnd(() => {
        const wanted = [...Object.keys(replaced), IMPORT.module];
        const unused = wanted.filter((module) => !used.has(module));
        if (unused.length) throw new Error(`${bundle}: nothing imports ${unused.join(", ")}`);
      });
    },
  };
}

/** The script of the worker, as a string in a module of its own. */
async function workerSource() {
  const { outputFiles } = await esbuild.build({
    ...common,
    minify: true,
    entryPoints: [here("package/worker.ts")],
    plugins: [replacing("worker")],
    write: false,
  });
  const [{ text }] = outputFiles;
  const build = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return { build, source: text.replaceAll(BUILD, build) };
}

async function buildBrowser(out) {
  const { build, source } = await workerSource();
  const worker = {
    name: "worker source",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^worker source$/ }, () => ({ path: "worker", namespace: "source" }));
      onLoad({ filter: /^worker$/, namespace: "source" }, () => ({
        contents: `export default ${JSON.stringify(source)};`,
      }));
    },
  };
  await esbuild.build({
    ...common,
    define: { ...common.define, "import.meta.url": JSON.stringify(build) },
    entryPoints: { index: here("package/browser.ts") },
    outdir: out,
    splitting: true,
    chunkNames: "[name]-[hash]",
    plugins: [replacing("browser"), worker],
  });
  await esbuild.build({
    ...common,
    entryPoints: { react: here("package/react.tsx") },
    outdir: out,
    jsx: "automatic",
    banner: { js: '"use client";' },
    external: ["react", "react/jsx-runtime", "torch2web"],
  });
}

async function buildNode(out) {
  await esbuild.build({
    ...common,
    target: "node22",
    // Node shares memory with its threads as a page that is isolated.
    define: {
      __CHUNKS__: "{}",
      __VERSION__: JSON.stringify(version),
      "globalThis.crossOriginIsolated": "true",
    },
    entryPoints: { node: here("package/node.ts") },
    outdir: out,
    inject: [here("package/node/globals.ts")],
    plugins: [replacing("node")],
  });
}

/** Types of an entry in one file. */
async function buildTypes(out, entry, name) {
  const bundle = await rollup({
    input: here(`package/${entry}`),
    external: ["react", "torch2web"],
    plugins: [dts({ tsconfig: here("package/tsconfig.json"), compilerOptions: { paths: {} } })],
    onwarn: (warning) => {
      throw new Error(warning.message);
    },
  });
  await bundle.write({ file: join(out, `${name}.d.ts`), format: "es" });
}

await buildBrowser(out);
await buildNode(out);
await buildTypes(out, "browser.ts", "index");
await buildTypes(out, "node.ts", "node");
await buildTypes(out, "react.tsx", "react");
