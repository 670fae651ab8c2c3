/** Which build of a store a name with a version means, on this visitor's device. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ManifestError, SignatureError } from "../../web/loader/api/errors.ts";
import { pinInIndex } from "../../web/loader/fetch/manifest/store_index.ts";

const pins = {
  1: "1".repeat(64),
  2: "2".repeat(64),
  3: `80000000${"3".repeat(56)}`,
};

const index = {
  schema_version: 1,
  latest: 2,
  next: 3,
  share: 0.25,
  builds: pins,
  models: { faces: { "1.0.0": 1, "1.2.0": 2, "1.3.0": 3, "10.0.0": 1 } },
};

const pin = (name: string, change: object = {}): string =>
  pinInIndex(
    new TextEncoder().encode(JSON.stringify({ ...index, ...change })),
    name,
  );

const remember = (kept: Map<string, string>): void => {
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
  };
  Object.defineProperty(globalThis, "localStorage", {
    value: storage,
    configurable: true,
  });
};

test("the beginning of a version means the newest build up to the latest", () => {
  assert.equal(pin("faces@1"), pins[2]);
  assert.equal(pin("faces@1", { latest: 1 }), pins[1]);
  assert.equal(pin("faces@1.0"), pins[1]);
  assert.equal(pin("faces@1.3.0"), pins[3]);
  for (const name of [
    "faces@1.3",
    "faces@2",
    "faces@",
    "faces@toString",
    "hands@1",
  ]) {
    assert.throws(() => pin(name), ManifestError, name);
  }
  assert.throws(() => pin("faces@1.0.0", { schema_version: 2 }), /no index/);
  assert.throws(
    () => pin("faces@1.0.0", { builds: { 1: "../../other" } }),
    ManifestError,
  );
});

test("the canary's share of the visitors, who keep their answer", () => {
  for (const [draw, expected] of [
    [0.51, 3],
    [0.74, 3],
    [0.76, 2],
    [0.49, 2],
  ] as const) {
    remember(new Map([["torch2web-draw", String(draw)]]));
    assert.equal(pin("faces@latest"), pins[expected], String(draw));
  }
  let canaries = 0;
  for (let visitor = 0; visitor < 2000; visitor++) {
    remember(new Map());
    const first = pin("faces@latest");
    assert.equal(pin("faces@latest"), first);
    canaries += Number(first === pins[3]);
  }
  // Five standard deviations of a binomial distribution.
  assert.ok(Math.abs(canaries / 2000 - 0.25) < 0.049, String(canaries));
});

test("without memory of visitors the latest", () => {
  Object.defineProperty(globalThis, "localStorage", {
    get: () => assert.fail(),
    configurable: true,
  });
  assert.equal(pin("faces@latest", { share: 1 }), pins[2]);
});

test("a signed index that is older than one that was seen is refused", () => {
  const kept = new Map<string, string>();
  remember(kept);
  const signed = (change: number | undefined, url = "https://a/"): string =>
    pinInIndex(
      new TextEncoder().encode(JSON.stringify({ ...index, change })),
      "faces@1",
      url,
    );
  for (const change of [undefined, 5, 7, 7])
    assert.equal(signed(change), pins[2]);
  for (const change of [6, undefined]) {
    assert.throws(() => signed(change), SignatureError);
  }
  assert.equal(signed(6, "https://b/"), pins[2], "another store");
  assert.equal(pin("faces@1", { change: 6 }), pins[2], "without a signature");
  assert.equal(signed(8), pins[2]);
  assert.throws(() => signed(7), SignatureError);
});
