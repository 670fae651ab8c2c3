/** embed.html: the site's own address in the lines to copy, and the buttons that copy them. */
import { enableCopying } from "./copy.ts";

const { base } = document.documentElement.dataset;

// A folder on a disk is no address for others.
if (base && location.protocol !== "file:") {
  const address = new URL("./", location.href).href;
  for (const code of document.querySelectorAll("pre")) {
    code.textContent = code.textContent.replaceAll(base, address);
  }
}

const here = document.getElementById("here-only");
if (here) here.hidden = !/^(localhost|127\.0\.0\.1|\[::1\])$/.test(location.hostname);

enableCopying();
