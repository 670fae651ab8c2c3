// Without the npm package: the site's own loader, by its address, so that esbuild leaves it as it is.
export async function loadFromSite(name, options) {
  const address = new URL("/torch2web/torch2web.js", location.href).href;
  const { loadModel } = await import(/* @vite-ignore */ address);
  return loadModel(name, options);
}
