/** Preloaded files on their way from the page to the loader. */
import { deepEqual, equal } from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { receivePreloads } from "../../web/loader/fetch/preloads.ts";

const PATH = "weights.bin";
const BYTES = Uint8Array.of(1, 2, 3, 4);

interface Opened {
  port: MessagePort;
  take: ReturnType<typeof receivePreloads>;
  /** Resolves when the loader has received two messages. */
  twoReceived: Promise<void>;
}

function open(context: TestContext): Opened {
  const { port1, port2 } = new MessageChannel();
  context.after(() => port1.close()); // else Node waits for it
  const preloaded = { files: new Map(), expected: [PATH], port: port2 };
  const take = receivePreloads(preloaded);
  let received = 0;
  const twoReceived = new Promise<void>((resolve) => {
    port2.addEventListener("message", () => ++received === 2 && resolve());
  });
  return { port: port1, take, twoReceived };
}

test("bytes that arrived before the file was asked for are reported at once", async (context) => {
  const { port, take, twoReceived } = open(context);
  port.postMessage({ path: PATH, loaded: 1 });
  port.postMessage({ path: PATH, loaded: 2 });
  await twoReceived;
  const seen: number[] = [];
  const file = take(PATH, (loaded) => seen.push(loaded));
  deepEqual(seen, [2]);
  port.postMessage({ path: PATH, loaded: 3 });
  port.postMessage({ path: PATH, bytes: BYTES });
  deepEqual(await file, BYTES);
  deepEqual(seen, [2, 3]);
});

test("a file is there once", async (context) => {
  const { port, take, twoReceived } = open(context);
  port.postMessage({ path: PATH, loaded: 4 });
  port.postMessage({ path: PATH, bytes: BYTES });
  await twoReceived;
  deepEqual(await take(PATH, () => {}), BYTES);
  const seen: number[] = [];
  equal(await take(PATH, (loaded) => seen.push(loaded)), undefined);
  deepEqual(seen, []);
});
