/**
 * `node bundle_decoding.mjs ROOT OUT`: bundles the loader's `decode`, which it does not export, into a script. The chunk
 * with the formats is included instead of loaded from a site.
 */
import { createRequire } from "node:module";
import { join } from "node:path";

const [root, out] = process.argv.slice(2);
const { build } = createRequire(join(root, "web/package.json"))("esbuild");
const images = join(root, "web/loader/images");

await build({
  stdin: {
    contents: `export { decode } from ${JSON.stringify(join(images, "decode.ts"))};`,
    resolveDir: root,
  },
  bundle: true,
  format: "esm",
  target: "es2022",
  outfile: out,
  plugins: [
    {
      name: "chunks are part of the bundle",
      setup({ onResolve, onLoad }) {
        onResolve({ filter: /\/fetch\/chunks\/chunks\.ts$/ }, () => ({
          path: "chunks",
          namespace: "bundled",
        }));
        onLoad({ filter: /.*/, namespace: "bundled" }, () => ({
          contents: `export const importChunk = () => import("./images.chunk.ts");`,
          resolveDir: join(images, "formats"),
        }));
      },
    },
  ],
});
