import { takePart } from "./measure.js";

onmessage = ({ data }) => takePart(data, () => postMessage("ready"));
