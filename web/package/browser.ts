/** Entry of the npm package in browsers: the public surface of the loader. */
export * from "../loader/torch2web.ts";
