/**
 * Bundles what the browser runs.
 *
 *     node build.mjs scripts OUT MODEL_INFO_SHA256   torch2web.js, its parts and the pages' scripts, minified
 *     node build.mjs types OUT                       torch2web.d.ts, all of its types in one file
 *     node build.mjs offline OUT SHELL               offline.js, with the JSON of the files that it keeps
 */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Modules of loader/ that become files of their own, which the loader imports when it needs them. */
const PARTS = ["pictures", "sha256", "signature"];

/** Digits of a hash that names a file, as in converter/parts.py. */
const HASH_LENGTH = 32;

const common = {
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
};

/**
 * The loader is one file of its own: the page imports it like any other page would. It carries the hashes of its
 * parts and of the manifest.
 */
async function buildScripts(out, modelInfoSha256) {
  const { outputFiles } = await build({
    ...common,
    entryPoints: PARTS.map((name) => here(`loader/parts/${name}.ts`)),
    outdir: out,
    write: false,
  });
  const parts = {};
  for (const { path: planned, contents } of outputFiles) {
    const name = basename(planned, ".js");
    const sha256 = createHash("sha256").update(contents).digest("hex");
    const path = `${name}-${sha256.slice(0, HASH_LENGTH)}.js`;
    await writeFile(join(out, path), contents);
    parts[name] = { path, sha256 };
  }
  await build({
    ...common,
    entryPoints: [here("loader/torch2web.ts")],
    outfile: join(out, "torch2web.js"),
    define: {
      __MODEL_INFO_SHA256__: JSON.stringify(modelInfoSha256),
      __PARTS__: JSON.stringify(parts),
    },
  });
  await build({
    ...common,
    entryPoints: [here("page/page.ts"), here("verify/verify.ts")],
    outdir: out,
    entryNames: "[name]",
    plugins: [
      {
        name: "the loader stays outside",
        setup: ({ onResolve }) =>
          onResolve({ filter: /\/loader\/torch2web\.ts$/ }, () => ({
            path: "./torch2web.js",
            external: true,
          })),
      },
    ],
  });
}

/** A classic script and no module, so that a worker of somebody's can import it and all browsers register it. */
async function buildOffline(out, shell) {
  await build({
    ...common,
    format: "iife",
    entryPoints: [here("offline/offline.ts")],
    outfile: join(out, "offline.js"),
    define: { __SHELL__: shell },
  });
}

async function buildTypes(out) {
  const { rollup } = await import("rollup");
  const { dts } = await import("rollup-plugin-dts");
  const bundle = await rollup({
    input: here("loader/torch2web.ts"),
    plugins: [dts({ tsconfig: here("tsconfig.json") })],
    onwarn: (warning) => {
      throw new Error(warning.message);
    },
  });
  await bundle.write({ file: join(out, "torch2web.d.ts"), format: "es" });
}

const [what, out, ...rest] = process.argv.slice(2);
await mkdir(out, { recursive: true });
await { scripts: buildScripts, types: buildTypes, offline: buildOffline }[what](out, ...rest);
