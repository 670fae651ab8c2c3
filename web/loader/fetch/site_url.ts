/** `address`, relative to the page. Raises TypeError for what is no address. */
export function pageURL(address: string | URL): URL {
  const page =
    "document" in globalThis
      ? document.baseURI
      : (globalThis.location as Location | undefined)?.href;
  return new URL(address, page);
}

/** Folder of the site: `baseURL`, relative to the page, else the folder of this script. Ends with a slash. */
export function siteURL(baseURL: string | URL | undefined): URL {
  if (baseURL === undefined) return new URL("./", import.meta.url);
  const url = pageURL(baseURL);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}
