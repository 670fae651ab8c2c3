/** The entry of one model of a large catalogue. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ManifestError } from "../../web/loader/api/errors.ts";
import type { FileInfo } from "../../web/loader/api/manifest.ts";
import type { Delivery } from "../../web/loader/fetch/delivery.ts";
import { withEntry } from "../../web/loader/fetch/manifest/entry.ts";
import {
  pageOf,
  type ManifestIndex,
} from "../../web/loader/fetch/manifest/pages.ts";

const file = (path: string): FileInfo => ({
  path,
  size: 1,
  sha256: "0".repeat(64),
});
const FIRST = ["auk", "kiwi", "wren"];
const index: ManifestIndex = {
  schema_version: 2,
  generator: "torch2web",
  pages: FIRST.map((first) => ({ first, ...file(first) })),
  listing: [],
};

/** What was read, by path. */
function deliveryOf(
  files: Record<string, unknown>,
): Delivery & { read: string[] } {
  const read: string[] = [];
  const fetchWhole = ({
    parts: [part],
  }: {
    parts: FileInfo[];
  }): Promise<Uint8Array> => {
    read.push(part!.path);
    return Promise.resolve(
      new TextEncoder().encode(JSON.stringify(files[part!.path])),
    );
  };
  return { read, fetchWhole } as unknown as Delivery & { read: string[] };
}

const pages: [string, string][] = [
  ["aardvark", "auk"],
  ["auk", "auk"],
  ["emu", "auk"],
  ["kiwi", "kiwi"],
  ["tern", "kiwi"],
  ["wren", "wren"],
  ["zebra", "wren"],
];
for (const [name, page] of pages) {
  test(`${name} is on the page that begins with ${page}`, () => {
    assert.equal(pageOf(index, name)?.path, page);
  });
}

test("one model is read, by the page of its name", async () => {
  const files = { auk: { emu: file("the emu") }, "the emu": { name: "emu" } };
  for (const name of ["emu", "emu@1", "emu@latest"]) {
    const delivery = deliveryOf(files);
    const manifest = await withEntry(index, name, delivery);
    assert.deepEqual(manifest.models, [{ name: "emu" }]);
    assert.equal(manifest.schema_version, 1);
    assert.deepEqual(delivery.read, ["auk", "the emu"]);
  }
});

test("a catalogue of one page has its entries in the index", async () => {
  const { pages: _, ...rest } = index;
  const delivery = deliveryOf({ "the emu": { name: "emu" } });
  const manifest = await withEntry(
    { ...rest, entries: { emu: file("the emu") } },
    "emu",
    delivery,
  );
  assert.deepEqual(manifest.models, [{ name: "emu" }]);
  assert.deepEqual(delivery.read, ["the emu"]);
});

for (const name of ["lark", "toString", "__proto__"]) {
  test(`no model ${name}`, async () => {
    await assert.rejects(
      withEntry(index, name, deliveryOf({ auk: {}, kiwi: {} })),
      ManifestError,
    );
  });
}
