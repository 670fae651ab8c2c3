/** Entry of torch2web-element.js, which defines `<image-classifier>`. A module: it finds its site by its own address. */
import { ImageClassifierElement } from "./image_classifier.ts";

const NAME = "image-classifier";

if (customElements.get(NAME)) {
  console.warn(`torch2web: <${NAME}> is defined already; this page has its script twice.`);
} else {
  customElements.define(NAME, ImageClassifierElement);
}

declare global {
  interface HTMLElementTagNameMap {
    "image-classifier": ImageClassifierElement;
  }
}

export { ImageClassifierElement };
export type { ImageClassifierEventMap, PredictionDetail } from "./events.ts";
