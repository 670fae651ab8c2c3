/**
 * The element's style. It takes font and colours from the page; custom properties and parts change the rest. The picture
 * stands outside the grid of the stage, whose row would grow with a tall one and be cut off.
 */
const CSS = `
:host {
  --accent: var(--image-classifier-accent, #2f6fed);
  --line: var(--image-classifier-line, rgb(127 127 127 / 55%));
  --radius: var(--image-classifier-radius, 0.5rem);
  --gap: var(--image-classifier-gap, 0.75rem);
  display: block;
  max-inline-size: 30rem;
}
:host([hidden]), [hidden] { display: none !important; }
* { box-sizing: border-box; }
.root { display: grid; gap: var(--gap); border-radius: var(--radius); }
.root.dropping { outline: 3px dashed var(--accent); outline-offset: 4px; }
.stage {
  position: relative;
  display: grid;
  place-items: center;
  aspect-ratio: 4 / 3;
  overflow: hidden;
  border: 1px solid var(--line);
  border-radius: var(--radius);
}
.stage canvas, .stage video { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; object-fit: contain; }
.stage video { transform: scaleX(-1); }
.hint { margin: 1rem; text-align: center; }
.controls, .samples { display: flex; flex-wrap: wrap; gap: 0.5rem; }
button {
  min-block-size: 44px;
  min-inline-size: 44px;
  padding: 0.5rem 1rem;
  border: 1px solid var(--line);
  border-radius: var(--radius);
  background: none;
  color: inherit;
  font: inherit;
  cursor: pointer;
}
button:hover { border-color: var(--accent); }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.samples button { padding: 0; overflow: hidden; }
.samples img { display: block; inline-size: 56px; block-size: 56px; object-fit: cover; }
.status { margin: 0; min-block-size: 1.5em; font-weight: 600; overflow-wrap: anywhere; }
.aloud { position: absolute; inline-size: 1px; block-size: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.bars { display: grid; gap: 0.25rem; margin: 0; padding: 0; list-style: none; }
.bars li { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr) 3.5em; gap: 0.5rem; align-items: center; }
.label { overflow-wrap: anywhere; }
.value { text-align: end; font-variant-numeric: tabular-nums; }
.track { block-size: 0.6rem; border-radius: 1rem; background: rgb(127 127 127 / 25%); overflow: hidden; }
.fill { block-size: 100%; background: var(--accent); }
progress { inline-size: 100%; accent-color: var(--accent); }
@media (prefers-reduced-motion: no-preference) { .fill { transition: inline-size 0.15s; } }
@media (forced-colors: active) { .fill { background: Highlight; } }
`;

let sheet: CSSStyleSheet | undefined;

/** One for all elements; a constructed one, which no policy on inline styles forbids. */
export function styleSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}
