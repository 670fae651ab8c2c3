/** What to do where loader and site are of different versions. */
import type { Manifest } from "../../api/manifest.ts";

/** This loader's version, such as `0.1.0`; defined by the build. */
declare const __VERSION__: string;

/** A manifest of any schema version, as far as it can be read. */
export type AnyManifest = Partial<Manifest> | null;

/**
 * Where the versions differ, a sentence that says both and what to do; else empty. With the interface of the engine that
 * the loader knows: that the site's has another one, which is warned about too.
 */
export function adviceFor(manifest: AnyManifest, known?: number): string {
  const advice = differenceOf(manifest);
  if (known === undefined) return advice;
  const found = manifest?.engine?.interface;
  const problem = `The site's engine has the interface ${found}, this loader calls ${known}.${advice}`;
  console.warn(`torch2web: ${problem}`);
  return problem;
}

function differenceOf(manifest: AnyManifest): string {
  const generator = manifest?.generator ?? "an unknown version of torch2web";
  const site = /^torch2web (\S+)$/.exec(generator)?.[1];
  if (site === __VERSION__) return "";
  const facts = `The site was built by ${generator}, this loader is of torch2web ${__VERSION__}`;
  return ` ${facts}: ${site && isNewer(site) ? update(site) : rebuild(site)}.`;
}

function update(site: string): string {
  return `update the loader to that version (npm install the site's torch2web-${site}.tgz), or import the site's own torch2web.js`;
}

function rebuild(site: string | undefined): string {
  const otherwise = site ? `, or use the npm package of version ${site}` : "";
  return `build the site again with torch2web ${__VERSION__}${otherwise}, or import the site's own torch2web.js`;
}

function isNewer(version: string): boolean {
  return version.localeCompare(__VERSION__, "en", { numeric: true }) > 0;
}
