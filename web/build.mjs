/**
 * Bundles what the browser runs.
 *
 *     node build.mjs scripts OUT VERSION   the loader torch2web.js, its chunks, stub.js, embed.js, the element and the
 *                                          pages' scripts
 *     node build.mjs types OUT             torch2web.d.ts, all of its types in one file, and torch2web-element.d.ts
 *     node build.mjs offline OUT           offline.js
 *
 * Nothing of a site is in them: Python completes stub.js, embed.js, preload.js, torch2web-element.js and offline.js
 * (converter/torch2web/site/writers/).
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Modules below loader/ and page/ that are bundled into a file each, named after them, and imported on demand. */
const CHUNK = ".chunk.ts";

/** Modules of page/ that its chunks may have copies of. */
const STATELESS = ["texts.ts", "element.ts", "folded.ts", "next_task.ts"];

/** The loader is one file, external to the pages' scripts. */
const loaderOutside = {
  name: "the loader stays outside",
  setup: ({ onResolve }) =>
    onResolve({ filter: /\/loader\/torch2web\.ts$/ }, () => ({
      path: "./torch2web.js",
      external: true,
    })),
};

/** Digits of a hash that names a file, as in converter/torch2web/store/parts.py. */
const HASH_LENGTH = 32;

const common = {
  bundle: true,
  format: "esm",
  // The oldest browsers, as in docs/limits.md.
  target: ["chrome109", "firefox115", "safari16.4"],
  minify: true,
  legalComments: "none",
  logLevel: "warning",
  // Written beside the scripts, whose bytes are the same, to measure coverage.
  sourcemap: process.env.SOURCE_MAPS ? "external" : false,
};

/** Export of the loader that its stub calls and does not pass on. */
const PIN = "pinManifest";

/**
 * A site's torch2web.js. In place of the placeholders it gets the loader's file name and the SHA-256 of the site's
 * model_info.json.
 */
const stub = (exported) => `import { ${PIN} } from "./__LOADER__";
${PIN}("__MODEL_INFO_SHA256__");
export { ${exported.filter((name) => name !== PIN).join(", ")} } from "./__LOADER__";
`;

/** The loader has the hashes of its chunks; those of the page are in the import map of its HTML. */
async function buildScripts(out) {
  const chunks = await buildChunks(out, "loader", "");
  const { metafile } = await build({
    ...common,
    entryPoints: [here("loader/main.ts")],
    outfile: join(out, "torch2web.js"),
    define: { __CHUNKS__: JSON.stringify(chunks) },
    metafile: true,
  });
  const [{ exports: exported }] = Object.values(metafile.outputs);
  await writeFile(join(out, "stub.js"), stub(exported.toSorted()));
  await build({
    ...common,
    format: "iife", // a classic script: it knows its own address, and runs before the modules of a page
    entryPoints: [here("loader/embed.ts")],
    outfile: join(out, "embed.js"),
  });
  await build({
    ...common,
    entryPoints: [here("element/element.ts")],
    outfile: join(out, "torch2web-element.js"),
  });
  await build({
    ...common,
    format: "iife", // inside of index.html
    entryPoints: [here("page/preload/preload.ts")],
    outfile: join(out, "preload.js"),
  });
  const pageChunks = await buildChunks(out, "page", "page-");
  const paths = Object.entries(pageChunks).map(([name, { path }]) => [name, `./${path}`]);
  await build({
    ...common,
    entryPoints: [
      here("page/page.ts"),
      here("page/snippets.ts"),
      here("verify/verify.ts"),
      here("report/measure.ts"),
    ],
    outdir: out,
    entryNames: "[name]",
    define: { __PAGE_CHUNKS__: JSON.stringify(Object.fromEntries(paths)) },
    plugins: [loaderOutside],
  });
}

/** Writes the chunks below `folder` as `<prefix><name>-<hash>.js`; their paths and hashes by name. */
async function buildChunks(out, folder, prefix) {
  const sources = await readdir(here(folder), { recursive: true });
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: sources
      .filter((path) => path.endsWith(CHUNK))
      .toSorted()
      .map((path) => ({ in: here(`${folder}/${path}`), out: basename(path, CHUNK) })),
    outdir: out,
    write: false,
    metafile: true,
    define: { __VERSION__: JSON.stringify(version) },
    plugins: folder === "page" ? [loaderOutside] : [],
  });
  if (folder === "page") checkPageChunks(metafile);
  const chunks = {};
  const maps = new Map(outputFiles.map(({ path, contents }) => [path, contents]));
  for (const { path: planned, contents } of outputFiles) {
    if (planned.endsWith(".map")) continue;
    const name = basename(planned, ".js");
    const sha256 = createHash("sha256").update(contents).digest("hex");
    const path = `${prefix}${name}-${sha256.slice(0, HASH_LENGTH)}.js`;
    await writeFile(join(out, path), contents);
    const map = maps.get(`${planned}.map`);
    if (map) await writeFile(join(out, `${path}.map`), map);
    chunks[name] = { path, sha256 };
  }
  return chunks;
}

/** Raises an error where a chunk of the page would have its own copy of a module with state. */
function checkPageChunks({ outputs }) {
  for (const { entryPoint, inputs } of Object.values(outputs)) {
    for (const path of Object.keys(inputs)) {
      if (dirname(path) === "page" && !STATELESS.includes(basename(path))) {
        throw new Error(
          `${entryPoint} imports ${path}, whose state it would have a second time; expected types alone, and the session`,
        );
      }
    }
  }
}

/** A classic script and no module, so that a worker of somebody's can import it and all browsers register it. */
async function buildOffline(out) {
  await build({
    ...common,
    format: "iife",
    entryPoints: [here("offline/offline.ts")],
    outfile: join(out, "offline.js"),
  });
}

/** The loader's types are a file of their own, which the element's import. */
const isSurface = (id) => id.endsWith("/loader/torch2web.ts");

async function buildTypes(out) {
  const { rollup } = await import("rollup");
  const { dts } = await import("rollup-plugin-dts");
  const entries = [
    { input: "loader/torch2web.ts", file: "torch2web.d.ts", external: () => false },
    { input: "element/element.ts", file: "torch2web-element.d.ts", external: isSurface },
  ];
  for (const { input, file, external } of entries) {
    const bundle = await rollup({
      input: here(input),
      external,
      plugins: [dts({ tsconfig: here("tsconfig.json") })],
      onwarn: (warning) => {
        throw new Error(warning.message);
      },
    });
    const paths = (id) => (isSurface(id) ? "./torch2web.js" : id);
    await bundle.write({ file: join(out, file), format: "es", paths });
  }
}

const [what, out, version] = process.argv.slice(2);
if (what === "scripts" && !version) throw new Error("build.mjs scripts OUT VERSION: no version");
await mkdir(out, { recursive: true });
await { scripts: buildScripts, types: buildTypes, offline: buildOffline }[what](out);
