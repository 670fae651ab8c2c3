/** No import cycles. ESLint finds cycles of values (import-x/no-cycle), this test those of types too. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const WEB = new URL("../../web/", import.meta.url);
const FOLDERS = ["element", "loader", "offline", "page", "verify"];

const IMPORT = /\b(?:from|import)\s*\(?\s*"(\.[^"]+\.ts)"/g;

/** The modules that each module imports, by URL. */
function graphOf(folder: string): Map<string, string[]> {
  const base = new URL(`${folder}/`, WEB);
  const files = readdirSync(base, { recursive: true, encoding: "utf8" });
  const modules = files.filter((path) => path.endsWith(".ts"));
  return new Map(
    modules.map((path) => {
      const url = new URL(path, base);
      const imports = readFileSync(url, "utf8").matchAll(IMPORT);
      return [
        url.href,
        Array.from(imports, ([, to]) => new URL(to!, url).href),
      ];
    }),
  );
}

/** A cycle of modules, with the first one twice; empty if there is none. */
function circleIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const visit = (module: string, path: readonly string[]): string[] => {
    const start = path.indexOf(module);
    if (start >= 0) return [...path.slice(start), module];
    if (done.has(module)) return [];
    for (const imported of graph.get(module) ?? []) {
      const circle = visit(imported, [...path, module]);
      if (circle.length) return circle;
    }
    done.add(module);
    return [];
  };
  for (const module of graph.keys()) {
    const circle = visit(module, []);
    if (circle.length) return circle;
  }
  return [];
}

for (const folder of FOLDERS) {
  test(`${folder}/ has no import cycle`, () => {
    const graph = graphOf(folder);
    const imports = [...graph.values()].flat();
    assert(graph.size >= 3 && imports.length >= 2, "nothing was read");
    const circle = circleIn(graph);
    assert.deepEqual(circle, []);
  });
}

test("a cycle is found", () => {
  const graph = new Map([
    ["a", ["b", "c"]],
    ["b", ["c"]],
    ["c", ["b"]],
  ]);
  assert.deepEqual(circleIn(graph), ["b", "c", "b"]);
});
