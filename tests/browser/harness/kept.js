/** Reads and changes the loader's cache on this device. */

async function entries() {
  const found = [];
  for (const name of await caches.keys()) {
    // The stored choice of a backend is not a part.
    if (name.startsWith("torch2web-choices ")) continue;
    const cache = await caches.open(name);
    for (const { url } of await cache.keys()) {
      // The manifest is cached under its hash too.
      if (!url.includes("/torch2web-manifest/"))
        found.push({ name, cache, url });
    }
  }
  return found;
}

/** For each entry: its cache, the hash that is its key, and hash and size of its content. */
async function list() {
  const found = [];
  for (const { name, cache, url } of await entries()) {
    const response = await cache.match(url);
    if (!response) continue;
    const bytes = await response.arrayBuffer();
    found.push({
      name,
      key: url.slice(url.lastIndexOf("/") + 1),
      sha256: await probe.sha256(bytes),
      size: bytes.byteLength,
    });
  }
  return found;
}

async function drop(key) {
  for (const { cache, url } of await entries())
    if (url.endsWith(key)) await cache.delete(url);
}

/** Replaces an entry by `change` of its bytes. */
async function alter(key, change) {
  for (const { cache, url } of await entries()) {
    if (!url.endsWith(key)) continue;
    const bytes = new Uint8Array(await (await cache.match(url)).arrayBuffer());
    await cache.put(url, new Response(change(bytes)));
  }
}

/** Restores an entry removed by `drop`. */
async function fill(key, url) {
  const [{ cache, url: other }] = await entries();
  const address = other.replace(/[^/]*$/, key);
  await cache.put(address, await fetch(url, { cache: "reload" }));
}

/** The result of `promise`, or an error after a time limit, so that no test waits for ever. */
function within(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("no result in 60 s")), 60_000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

window.kept = { list, drop, alter, fill, within };
