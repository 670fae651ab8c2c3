/** In place of `loader/fetch/site_url.ts` in Node: paths are relative to the working directory. */
import type * as Replaced from "../../loader/fetch/site_url.ts";
import { urlOf } from "./address.ts";

export const siteURL: typeof Replaced.siteURL = (baseURL) => {
  if (baseURL === undefined) {
    throw new RangeError(
      "The npm package has no models: pass `baseURL`, the URL or path of your site's folder that has models/, " +
        'such as loadModel(name, { baseURL: "site/" }).',
    );
  }
  const url = urlOf(baseURL);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
};
