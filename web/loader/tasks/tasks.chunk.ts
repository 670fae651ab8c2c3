/** Tasks other than softmax, and selections of labels. */
export { answerOf, scoresOf } from "./tasks.ts";
export { checkSelection } from "./selection.ts";
