/** In place of `loader/fetch/site_url.ts` in browsers: the package has no models beside it. */
import type * as Replaced from "../../loader/fetch/site_url.ts";

export const siteURL: typeof Replaced.siteURL = (baseURL) => {
  if (baseURL === undefined) {
    throw new RangeError(
      "The npm package has no models: pass `baseURL`, the URL of the folder of your site that has models/, " +
        'such as loadModel(name, { baseURL: "/torch2web/" }).',
    );
  }
  const page =
    "document" in globalThis
      ? document.baseURI
      : (globalThis.location as Location | undefined)?.href;
  const url = new URL(baseURL, page);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
};
