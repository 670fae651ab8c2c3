/** Weights in several parts, split at every position: decoded alike, and the parts freed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PartedBytes } from "../../web/loader/backends/weights/parted_bytes.ts";
import { openSafetensors } from "../../web/loader/backends/weights/safetensors.ts";
import { externalData } from "../../web/loader/backends/onnxruntime/external_data.ts";
import { inParts } from "./in_parts.ts";

type Bytes = Uint8Array<ArrayBuffer>;
interface Entry {
  dtype: string;
  shape: number[];
  bytes: Uint8Array;
}

const f32 = (...values: number[]): Uint8Array =>
  new Uint8Array(Float32Array.from(values).buffer);

/** One tensor of each encoding; EXPECTED has its values. */
const TENSORS: Record<string, Entry> = {
  "a.scale": { dtype: "F32", shape: [1, 2], bytes: f32(0.5, -2) },
  a: { dtype: "I8", shape: [2, 2], bytes: new Uint8Array([1, 2, 255, 128]) },
  "b.scale": { dtype: "F32", shape: [1, 4], bytes: f32(1, 10, 100, 0.25) },
  b: {
    dtype: "U8",
    shape: [2, 2],
    bytes: new Uint8Array([0x90, 0xf8, 0x17, 0x0a]),
  },
  c: {
    dtype: "F16",
    shape: [3],
    bytes: new Uint8Array([0, 0x3c, 0, 0xc0, 1, 0]),
  },
  d: { dtype: "F32", shape: [2], bytes: f32(3.25, -1e-9) },
  e: { dtype: "F32", shape: [0], bytes: f32() },
};
const EXPECTED: Record<string, number[]> = {
  a: [0.5, -4, -0.5, 256],
  b: [-8, 10, 0, 0.25 * 7, -1, -70, 200, -2],
  c: [1, -2, 2 ** -24],
  d: [3.25, Math.fround(-1e-9)],
  e: [],
};

function safetensors(tensors: Record<string, Entry>): Bytes {
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  let at = 0;
  for (const [name, { bytes, ...entry }] of Object.entries(tensors)) {
    header[name] = { ...entry, data_offsets: [at, (at += bytes.length)] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = new Uint8Array(8);
  new DataView(start.buffer).setBigUint64(0, BigInt(text.length), true);
  const pieces = [
    start,
    text,
    ...Object.values(tensors).map(({ bytes }) => bytes),
  ];
  return new Uint8Array(pieces.flatMap((piece) => [...piece]));
}

/** `file` split at each of `places`; each part has its own buffer, like downloaded parts. */
function cut(file: Bytes, ...places: number[]): PartedBytes {
  const edges = [0, ...places, file.length];
  return inParts(
    places.concat(file.length).map((end, i) => file.slice(edges[i], end)),
  );
}

/** Reads all weights as onnxruntime-web does, which may be in any order. */
async function readAll(
  parts: PartedBytes,
  backwards = false,
): Promise<Record<string, number[]>> {
  const weights = await externalData(parts);
  const found: Record<string, number[]> = {};
  for (const { path, data } of backwards ? weights.reverse() : weights) {
    const { byteLength } = data;
    const bytes = data.subarray(0, byteLength).slice();
    assert.equal(bytes.length, byteLength, path);
    found[path] = [...new Float32Array(bytes.buffer)];
  }
  return found;
}

const FILE = safetensors(TENSORS);
const START =
  FILE.length -
  Object.values(TENSORS).reduce((sum, { bytes }) => sum + bytes.length, 0);

test("in one part", async () =>
  assert.deepEqual(await readAll(cut(FILE)), EXPECTED));

test("in two parts, cut at each byte", async () => {
  for (let place = 1; place < FILE.length; place++) {
    const parts = cut(FILE, place);
    assert.deepEqual(
      await readAll(parts, place % 2 === 1),
      EXPECTED,
      `at ${place}`,
    );
    assert.deepEqual(parts.held, [], `freed, at ${place}`);
  }
});

test("in three parts, cut at each pair of bytes of the weights", async () => {
  for (let first = START - 1; first < FILE.length; first++) {
    for (let second = first + 1; second < FILE.length; second++) {
      const parts = cut(FILE, first, second);
      assert.deepEqual(
        await readAll(parts),
        EXPECTED,
        `at ${first} and ${second}`,
      );
      assert.deepEqual(parts.held, []);
    }
  }
});

test("in parts of every size", async () => {
  for (let size = 1; size <= 40; size++) {
    const places = Array.from(
      { length: Math.ceil(FILE.length / size) - 1 },
      (_, i) => (i + 1) * size,
    );
    const parts = cut(FILE, ...places);
    assert.deepEqual(
      await readAll(parts, size % 2 === 1),
      EXPECTED,
      `of ${size}`,
    );
    assert.deepEqual(parts.held, [], `freed, of ${size}`);
  }
});

test("a part is freed with its last weight, and not before", async () => {
  const parts = cut(FILE, START, START + 20);
  const weights = await externalData(parts);
  assert.deepEqual(parts.held, [1, 2], "the header is no longer needed");
  weights[0]!.data.subarray();
  assert.deepEqual(parts.held, [1, 2], "another scale starts in it");
  weights[1]!.data.subarray();
  assert.deepEqual(parts.held, [2]);
});

test("a weight can be read once", async () => {
  const [weight] = await externalData(cut(FILE));
  weight!.data.subarray();
  assert.throws(() => weight!.data.subarray(), /twice/);
});

test("a part is awaited only where it is needed", async () => {
  let come: (part: Bytes) => void = () => {};
  const late = new Promise<Bytes>((resolve) => (come = resolve));
  const first = Promise.resolve(FILE.slice(0, START));
  const file = new PartedBytes([first, late], [START, FILE.length - START]);
  const weights = await openSafetensors(file);
  assert.deepEqual(file.held, [], "the header is read, and freed");
  let there = false;
  const { from, to } = weights[0]!.stored;
  const waiting = file.arrive(from, to).then(() => (there = true));
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(!there);
  come(FILE.slice(START));
  await waiting;
  assert.deepEqual(file.read(from, to - from), FILE.slice(from, to));
});

test("an error of the download is raised where the part is awaited", async () => {
  const gone = Promise.reject(new Error("it broke off"));
  gone.catch(() => {});
  const file = new PartedBytes(
    [Promise.resolve(FILE.slice(0, 9)), gone],
    [9, FILE.length - 9],
  );
  await assert.rejects(openSafetensors(file), /it broke off/);
});
