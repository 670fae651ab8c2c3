/** The loader's check of model_info.json, by the table of Python's check. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { checkManifest } from "../../web/loader/fetch/manifest/check.ts";
import { ManifestError } from "../../web/loader/api/errors.ts";

type Path = (string | number)[];
interface Case {
  name: string;
  key: string | null;
  says?: string;
  set?: [...Path, unknown];
  remove?: Path;
  removes?: Path[];
}

const table = JSON.parse(
  readFileSync(new URL("../cases/manifests.json", import.meta.url), "utf8"),
) as { good: unknown; cases: Case[] };

type Node = Record<string | number, unknown>;

const at = (value: unknown, path: Path): Node =>
  path.reduce((inner, key) => inner[key] as Node, value as Node);

function changed({ set, remove, removes = [] }: Case): unknown {
  const manifest = structuredClone(table.good);
  if (set) {
    const path = set.slice(0, -1) as Path;
    const value = set.at(-1);
    if (path.length === 0) return value;
    at(manifest, path.slice(0, -1))[path.at(-1)!] = value;
  }
  for (const path of remove ? [...removes, remove] : removes) {
    Reflect.deleteProperty(at(manifest, path.slice(0, -1)), path.at(-1)!);
  }
  return manifest;
}

/** Rows for the loader: manifests that it reads, and other schema versions. The build checks the rest (Python). */
const rows = table.cases.filter(
  ({ key }) => key === null || key === "schema_version",
);

for (const entry of rows) {
  test(entry.name, async () => {
    if (entry.key === null) {
      await checkManifest(changed(entry));
      return;
    }
    await assert.rejects(checkManifest(changed(entry)), (error: unknown) => {
      assert(error instanceof ManifestError);
      assert.equal(error.key, entry.key);
      assert(error.message.includes(entry.says!), error.message);
      return true;
    });
  });
}

test("the table has schema versions to refuse", () => {
  const refused = rows.filter(({ key }) => key !== null);
  assert.equal(refused.length, 2);
});

for (const data of [null, [], "text", 1]) {
  test(`JSON of another type: ${JSON.stringify(data)}`, () => {
    return assert.rejects(checkManifest(data), /schema_version: is missing/);
  });
}
