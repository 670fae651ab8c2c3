/**
 * The service worker, with which page and loader start without network. Models and onnxruntime-web's WebAssembly are
 * cached by the loader.
 *
 * Registered as offline.js, it serves the site in its folder. A service worker of the site's owner that imports it has to
 * name the folder, as a classic script does not know its own URL:
 *
 *     self.torch2webFolder = "/torch2web/";
 *     importScripts("/torch2web/offline.js");
 */
import { KEEP, TAKE_OVER, type KeepResult, type Message } from "./agreed.ts";
import { Shell, type Listing } from "./shell.ts";

declare const self: ServiceWorkerGlobalScope & {
  torch2webFolder?: string | URL;
  /** Assigned in the first line of offline.js, which Python writes for each site. */
  torch2webShell: Listing;
};

const OWN_NAME = "offline.js";

/**
 * Milliseconds that this worker stays busy after a response: Chromium terminates a replaced worker when its promises are
 * settled, and a response that is still being delivered is lost.
 */
const DELIVERY_TIME = 1000;

/** Milliseconds to wait at most until the page that a response is for has begun: on a busy machine this takes seconds. */
const PAGE_TIME = 20_000;

/** Whether this script is the whole worker. If it was imported, lifecycle and messages are the owner's. */
const isWorker = self.torch2webFolder === undefined;

const shell = new Shell(siteURL(), self.torch2webShell);

self.addEventListener("install", (event) => event.waitUntil(shell.keep()));

self.addEventListener("activate", (event) => event.waitUntil(activate()));

self.addEventListener("fetch", (event) => {
  const answer = shell.answer(event.request);
  if (!answer) return;
  event.respondWith(answer);
  event.waitUntil(answer.catch(() => {}).then(() => delivered(event.resultingClientId)));
});

if (isWorker) {
  self.addEventListener("message", (event) => {
    const message = event.data as Message;
    if (message.type === KEEP) event.waitUntil(keepAgain(event.ports[0]!));
    if (message.type === TAKE_OVER) event.waitUntil(takeOver(message.stub, event.source));
  });
}

function siteURL(): URL {
  const { href, pathname } = self.location;
  if (!isWorker) {
    const folder = new URL(self.torch2webFolder!, href);
    if (!folder.pathname.endsWith("/")) folder.pathname += "/";
    return folder;
  }
  if (!pathname.endsWith(`/${OWN_NAME}`)) {
    throw new Error(
      `found ${pathname}, which imports ${OWN_NAME}, expected it to name the site's folder: ` +
        `self.torch2webFolder = "/torch2web/" before importScripts`,
    );
  }
  return new URL("./", href);
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Resolves when a response has probably arrived. `page` is the ID of the page that it begins, or empty. */
async function delivered(page: string): Promise<void> {
  if (page) await Promise.race([self.clients.get(page), delay(PAGE_TIME)]);
  await delay(DELIVERY_TIME);
}

async function activate(): Promise<void> {
  await shell.dropOthers();
  // Controls open pages too, not only those that are loaded from now on.
  if (isWorker) await self.clients.claim();
}

async function keepAgain(port: MessagePort): Promise<void> {
  const result: KeepResult = await shell.keep().then(() => "", String);
  port.postMessage(result);
}

/**
 * A new version waits until all pages that the old one serves are closed, as they may still need its files. A reload does
 * not close a page, so a reloaded page reports its build.
 */
async function takeOver(stub: string, source: ExtendableMessageEvent["source"]): Promise<void> {
  if (!shell.isBuild(stub)) return;
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const pages = windows.filter(({ url }) => url.startsWith(self.registration.scope));
  // Compared by ID, as a page that is still loading is not among them.
  const [page] = pages;
  if (pages.length === 1 && source instanceof Client && page!.id === source.id) {
    await self.skipWaiting();
  }
}
