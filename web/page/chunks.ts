/**
 * Code of the page that is loaded on demand: the build bundles each `<name>.chunk.ts` into a file `page-<name>-<hash>.js`.
 *
 * A chunk is a bundle of its own. Of the page's modules it imports types, `element.ts`, `folded.ts`, `next_task.ts` and
 * `texts.ts`; everything with state is in the session that its functions are given.
 */

/** Paths by name; defined by the build. */
declare const __PAGE_CHUNKS__: Record<string, string>;

/**
 * The module of a chunk: `(await importPageChunk("camera")) as typeof Camera`. Browsers check it against the integrity in
 * the page's import map. Raises TypeError where it cannot be downloaded.
 */
export async function importPageChunk(name: string): Promise<unknown> {
  return import(__PAGE_CHUNKS__[name]!);
}
