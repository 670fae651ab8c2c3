/** Entry of the npm package in browsers: the public surface of the loader. */
import { pinManifest } from "../loader/fetch/manifest/pin.ts";

export * from "../loader/torch2web.ts";

pinManifest(""); // the option `integrity` pins
