/**
 * The service worker with which page and loader start without network. Models and onnxruntime's wasm are not its
 * business: the loader keeps them by itself.
 *
 * Registered under its own name, it finds the site beside itself. A worker of the owner's that imports it has to say
 * where the site is, because a classic script is not told its own address:
 *
 *     self.torch2webFolder = "/torch2web/";
 *     importScripts("/torch2web/offline.js");
 */
import { KEEP, TAKE_OVER, type Kept, type Message } from "./agreed.ts";
import { Shell, type Listing } from "./shell.ts";

declare const self: ServiceWorkerGlobalScope & {
  torch2webFolder?: string | URL;
  /** Assigned in the first line of offline.js, which the build writes for each site. */
  torch2webShell: Listing;
};

const OWN_NAME = "offline.js";

/**
 * Milliseconds in which an answer has long reached the page. So long this version has work and is not replaced:
 * Chromium ends an old worker as soon as its promises are settled, and an answer on its way then never arrives.
 */
const ARRIVAL = 1000;

/** Whether this script is the worker, and not part of somebody's. Only then are its life and its messages ours. */
const alone = self.torch2webFolder === undefined;

const shell = new Shell(siteURL(), self.torch2webShell);

self.addEventListener("install", (event) => event.waitUntil(shell.keep()));

self.addEventListener("activate", (event) => event.waitUntil(activate()));

self.addEventListener("fetch", (event) => {
  const answer = shell.answer(event.request);
  if (!answer) return;
  event.respondWith(answer);
  event.waitUntil(answer.catch(() => {}).then(() => delay(ARRIVAL)));
});

if (alone) {
  self.addEventListener("message", (event) => {
    const message = event.data as Message;
    if (message.type === KEEP) event.waitUntil(keepAgain(event.ports[0]!));
    if (message.type === TAKE_OVER) event.waitUntil(takeOver(message.stub, event.source));
  });
}

function siteURL(): URL {
  const { href, pathname } = self.location;
  if (!alone) {
    const folder = new URL(self.torch2webFolder!, href);
    if (!folder.pathname.endsWith("/")) folder.pathname += "/";
    return folder;
  }
  if (!pathname.endsWith(`/${OWN_NAME}`)) {
    throw new Error(
      `found ${pathname} that imports ${OWN_NAME}, expected it to say where the site is: ` +
        `self.torch2webFolder = "/torch2web/" before importScripts`,
    );
  }
  return new URL("./", href);
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function activate(): Promise<void> {
  await shell.dropOthers();
  // From now on also for the page that asked for it, not from its next visit.
  if (alone) await self.clients.claim();
}

async function keepAgain(port: MessagePort): Promise<void> {
  const kept: Kept = await shell.keep().then(() => "", String);
  port.postMessage(kept);
}

/**
 * A new version waits until no page is open that the old one serves, as an open page may still need its files. A page
 * that was reloaded never closes, though, so it says which build it is.
 */
async function takeOver(stub: string, source: ExtendableMessageEvent["source"]): Promise<void> {
  if (!shell.isBuild(stub)) return;
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const pages = windows.filter(({ url }) => url.startsWith(self.registration.scope));
  // A page that is just loading is not among them, so that one page alone may be another than the one that asks.
  const [page] = pages;
  if (pages.length === 1 && source instanceof Client && page!.id === source.id) {
    await self.skipWaiting();
  }
}
