/** In place of `loader/fetch/site_url.ts` in Node: paths are relative to the working directory. */
import type * as Replaced from "../../loader/fetch/site_url.ts";
import { builtin } from "./builtin.ts";

/** An address of two letters or more before the colon: one is a drive of Windows. */
const ABSOLUTE = /^[a-z][a-z0-9+.-]+:/i;

export const pageURL: typeof Replaced.pageURL = (address) => {
  if (address instanceof URL || ABSOLUTE.test(address)) return new URL(address);
  return builtin("node:url").pathToFileURL(address);
};

export const siteURL: typeof Replaced.siteURL = (baseURL) => {
  if (baseURL === undefined) {
    throw new RangeError(
      "The npm package has no models: pass `baseURL`, the URL or path of your site's folder that has models/, " +
        'such as loadModel(name, { baseURL: "site/" }).',
    );
  }
  const url = pageURL(baseURL);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
};
