/** The service worker of the page, from the page's side. */
import { clearCache } from "../loader/torch2web.ts";
import { KEEP, shellPrefix, TAKE_OVER, type Kept, type Message } from "../offline/agreed.ts";

/** The site's folder, which is also the scope. */
const SITE = new URL("./", import.meta.url).href;
const SCRIPT = new URL("offline.js", SITE).href;

/** Whether this browser lets the page keep anything. It does not over plain HTTP, and some not in private windows. */
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

/** Keeps all that the page needs to start. Raises an error where a file did not arrive as it was built. */
export async function keep(): Promise<void> {
  // Not awaited: some browsers ask the visitor, and all is kept without it too, if not as long.
  navigator.storage?.persist?.().catch(() => {});
  const options: RegistrationOptions = { scope: SITE, updateViaCache: "none" };
  const worker = await activeWorker(await navigator.serviceWorker.register(SCRIPT, options));
  // A registration that was given up comes back to life as it was, without its files.
  if ((await shells()).length > 0) return;
  const problem = await ask(worker, { type: KEEP });
  if (problem) throw new Error(problem);
}

/** Undoes `keep`, and drops the models too. */
export async function forget(): Promise<void> {
  await (await ownRegistration())?.unregister();
  await Promise.all((await shells()).map((name) => caches.delete(name)));
  await clearCache({ baseURL: SITE });
}

/** Lets a new version of the worker begin as soon as a page of the new version is there. */
export async function welcomeUpdates(stub: string): Promise<void> {
  const registration = await ownRegistration();
  if (!registration) return;
  await loaded();
  const welcome = (worker: ServiceWorker | null): void => {
    const message: Message = { type: TAKE_OVER, stub };
    if (worker?.state === "installed") worker.postMessage(message);
    else worker?.addEventListener("statechange", () => welcome(worker), { once: true });
  };
  welcome(registration.waiting ?? registration.installing);
  registration.addEventListener("updatefound", () => welcome(registration.installing));
}

/** Ends when nothing of the page is on its way any more: what the old worker still answers then would hang. */
function loaded(): Promise<void> {
  return new Promise((resolve) => {
    if (document.readyState === "complete") resolve();
    else addEventListener("load", () => resolve(), { once: true });
  });
}

/** Not one of the owner's for more than this folder, which is no business of the page. */
async function ownRegistration(): Promise<ServiceWorkerRegistration | undefined> {
  const registration = await navigator.serviceWorker.getRegistration(SITE);
  const worker = registration?.active ?? registration?.waiting ?? registration?.installing;
  return worker?.scriptURL === SCRIPT ? registration : undefined;
}

async function shells(): Promise<string[]> {
  const prefix = shellPrefix(SITE, SITE);
  return (await caches.keys()).filter((name) => name.startsWith(prefix));
}

async function activeWorker(registration: ServiceWorkerRegistration): Promise<ServiceWorker> {
  if (registration.active) return registration.active;
  const worker = (registration.installing ?? registration.waiting)!;
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (worker.state === "activated") resolve(worker);
      if (worker.state === "redundant") {
        reject(new Error("a file did not arrive, or is not the one of this build"));
      }
    };
    worker.addEventListener("statechange", look);
    look();
  });
}

function ask(worker: ServiceWorker, message: Message): Promise<Kept> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data as Kept);
    worker.postMessage(message, [port2]);
  });
}
