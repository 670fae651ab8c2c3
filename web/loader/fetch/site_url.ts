/** Folder of the site: `baseURL`, relative to the page, else the folder of this script. Ends with a slash. */
export function siteURL(baseURL: string | URL | undefined): URL {
  if (baseURL === undefined) return new URL("./", import.meta.url);
  const page =
    "document" in globalThis
      ? document.baseURI
      : (globalThis.location as Location | undefined)?.href;
  const url = new URL(baseURL, page);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}
