/** Tasks other than softmax, selections of labels, and the checks of ensembles. */
export { answerOf, scoresIn, scoresOf } from "./tasks.ts";
export { ensemblePredict } from "./ensemble.ts";
export { checkWeights, whyNoLabel, whyNoMean } from "./fit.ts";
export { checkHeatmap, heatmapOf, withMore } from "./heatmap.ts";
export { checkSelection } from "./selection.ts";
