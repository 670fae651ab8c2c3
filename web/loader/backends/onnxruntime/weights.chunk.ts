/** Weights for onnxruntime-web; the compiled engine reads them as they are stored. */
export { externalData } from "./external_data.ts";
