/** The service worker stays until what it answered has arrived: Chromium drops what a replaced worker still delivers. */
import { deepEqual, equal } from "node:assert/strict";
import { test, type TestContext } from "node:test";

const PAGE = "https://example.org/site/";
const DELIVERY_TIME = 1000;
const PAGE_TIME = 20_000;

interface Answered {
  arrived: () => boolean;
  /** Moves the clock, and lets everything that follows happen. */
  pass: (milliseconds: number) => Promise<void>;
}

type Listener = (event: unknown) => void;

const listeners = new Map<string, Listener>();
const asked: string[] = [];
let begin: () => void;

Object.assign(globalThis, {
  fetch: () => Promise.resolve(new Response("page")),
  self: {
    addEventListener: (name: string, listener: Listener) =>
      listeners.set(name, listener),
    location: new URL("offline.js", PAGE),
    registration: { scope: PAGE },
    torch2webShell: { version: "1", files: { "index.html": "sha256-1" } },
    clients: {
      get: (id: string) => {
        asked.push(id);
        return new Promise<void>((resolve) => {
          begin = resolve;
        });
      },
    },
  },
});
// By address, as its types are those of a worker.
await import(new URL("../../web/offline/offline.ts", import.meta.url).href);

/** Lets the worker answer a navigation that begins the page of this ID, or none. */
async function answer(
  context: TestContext,
  resultingClientId: string,
): Promise<Answered> {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let arrived = false;
  listeners.get("fetch")!({
    request: {
      method: "GET",
      mode: "navigate",
      headers: new Headers(),
      url: PAGE,
    },
    resultingClientId,
    respondWith: () => {},
    waitUntil: (promise: Promise<void>) => {
      void promise.then(() => {
        arrived = true;
      });
    },
  });
  const pass = async (milliseconds: number) => {
    context.mock.timers.tick(milliseconds);
    await new Promise(setImmediate);
  };
  await pass(0);
  return { arrived: () => arrived, pass };
}

test("it stays until the page has begun, and a second more", async (context) => {
  const { arrived, pass } = await answer(context, "page 1");
  deepEqual(asked.splice(0), ["page 1"]);
  await pass(PAGE_TIME - 1);
  equal(arrived(), false);
  begin();
  await pass(0);
  await pass(DELIVERY_TIME - 1);
  equal(arrived(), false);
  await pass(1);
  equal(arrived(), true);
});

test("it does not stay for a page that never begins", async (context) => {
  const { arrived, pass } = await answer(context, "page 2");
  await pass(PAGE_TIME);
  await pass(DELIVERY_TIME);
  equal(arrived(), true);
});

test("it stays a second where no page begins", async (context) => {
  asked.splice(0);
  const { arrived, pass } = await answer(context, "");
  deepEqual(asked, []);
  await pass(DELIVERY_TIME - 1);
  equal(arrived(), false);
  await pass(1);
  equal(arrived(), true);
});
