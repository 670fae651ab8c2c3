/** A script inside of index.html, which runs before any file of the page has arrived. */
import { addPreloads, type Listed } from "../../loader/add_preloads.ts";

/** Python puts them here: of one model, the one that answers about the first picture. */
const LISTED = "__PRELOADS__" as unknown as Listed;

const [name] = Object.keys(LISTED.parts);

// The page waits for it.
Object.assign(globalThis, {
  torch2webPreloads: addPreloads(new URL("./", document.baseURI), name!, LISTED).catch(() => {}),
});
