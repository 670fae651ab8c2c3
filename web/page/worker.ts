/** Registers the page's service worker, and talks to it. */
import { clearCache } from "../loader/torch2web.ts";
import { KEEP, shellPrefix, TAKE_OVER, type KeepResult, type Message } from "../offline/agreed.ts";

/** The site's folder, which is also the scope. */
const SITE = new URL("./", import.meta.url).href;
const SCRIPT = new URL("offline.js", SITE).href;

/** Whether this browser has service workers and caches: not over plain HTTP, nor in some private windows. */
export async function available(): Promise<boolean> {
  try {
    await Promise.all([navigator.serviceWorker.getRegistration(SITE), caches.keys()]);
    return true;
  } catch {
    return false;
  }
}

/** Whether the page starts without network. */
export async function isKept(): Promise<boolean> {
  return Boolean((await ownRegistration())?.active) && (await shells()).length > 0;
}

/** Registers the worker, which caches the shell. Raises an error if a file is not as it was built. */
export async function keep(): Promise<void> {
  // Not awaited: some browsers ask the visitor, and it only affects how long the cache is kept.
  storageManager()
    ?.persist?.()
    .catch(() => {});
  const options: RegistrationOptions = { scope: SITE, updateViaCache: "none" };
  const worker = await activeWorker(await navigator.serviceWorker.register(SCRIPT, options));
  // An unregistered worker may be revived by register(), without its cache.
  if ((await shells()).length > 0) return;
  const problem = await ask(worker, { type: KEEP });
  if (problem) throw new Error(problem);
}

/** Unregisters the worker, and deletes the shell and the models. */
export async function forget(): Promise<void> {
  await (await ownRegistration())?.unregister();
  await Promise.all((await shells()).map((name) => caches.delete(name)));
  await clearCache({ baseURL: SITE });
}

/** Lets a new version of the worker take over from this page on, if the page is of that version. */
export async function acceptUpdates(stub: string): Promise<void> {
  const registration = await ownRegistration();
  if (!registration) return;
  await loaded();
  const takeOver = (worker: ServiceWorker | null): void => {
    const message: Message = { type: TAKE_OVER, stub };
    if (worker?.state === "installed") worker.postMessage(message);
    else worker?.addEventListener("statechange", () => takeOver(worker), { once: true });
  };
  takeOver(registration.waiting ?? registration.installing);
  registration.addEventListener("updatefound", () => takeOver(registration.installing));
}

/** Waits until the page is loaded: requests that the old worker still answers would hang. */
function loaded(): Promise<void> {
  return new Promise((resolve) => {
    if (document.readyState === "complete") resolve();
    else addEventListener("load", () => resolve(), { once: true });
  });
}

/** The registration of this site's worker, not one of the origin's owner. */
async function ownRegistration(): Promise<ServiceWorkerRegistration | undefined> {
  const registration = await navigator.serviceWorker.getRegistration(SITE);
  const worker = registration?.active ?? registration?.waiting ?? registration?.installing;
  return worker?.scriptURL === SCRIPT ? registration : undefined;
}

/** Absent on pages from plain HTTP; some browsers lack `persist`. */
function storageManager(): Partial<StorageManager> | undefined {
  return (navigator as Partial<Navigator>).storage;
}

async function shells(): Promise<string[]> {
  const prefix = shellPrefix(SITE, SITE);
  return (await caches.keys()).filter((name) => name.startsWith(prefix));
}

async function activeWorker(registration: ServiceWorkerRegistration): Promise<ServiceWorker> {
  if (registration.active) return registration.active;
  const worker = (registration.installing ?? registration.waiting)!;
  return new Promise((resolve, reject) => {
    const check = (): void => {
      if (worker.state === "activated") resolve(worker);
      if (worker.state === "redundant") {
        reject(new Error("a file is missing, or is not the one of this build"));
      }
    };
    worker.addEventListener("statechange", check);
    check();
  });
}

function ask(worker: ServiceWorker, message: Message): Promise<KeepResult> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data as KeepResult);
    worker.postMessage(message, [port2]);
  });
}
