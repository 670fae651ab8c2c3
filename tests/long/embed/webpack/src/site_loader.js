// Without the npm package: the site's own loader, by its address, so that webpack leaves it as it is.
const address = new URL("/torch2web/torch2web.js", location.href).href;

export async function loadFromSite(name, options) {
  const { loadModel } = await import(/* webpackIgnore: true */ address);
  return loadModel(name, options);
}
