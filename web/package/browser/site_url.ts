/** In place of `loader/fetch/site_url.ts` in browsers: the package has no models beside it. */
import * as replaced from "../../loader/fetch/site_url.ts";

export { pageURL } from "../../loader/fetch/site_url.ts";

export const siteURL: typeof replaced.siteURL = (baseURL) => {
  if (baseURL !== undefined) return replaced.siteURL(baseURL);
  throw new RangeError(
    "The npm package has no models: pass `baseURL`, the URL of the folder of your site that has models/, " +
      'such as loadModel(name, { baseURL: "/torch2web/" }).',
  );
};
