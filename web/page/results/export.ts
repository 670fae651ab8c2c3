/** Answers about pictures as CSV and JSON. */
import { csvOf, type Cell } from "./csv.ts";
import type { Result } from "./result.ts";
import { save } from "./save.ts";

export interface Line {
  /** The picture's name. */
  picture: string;
  network: string;
  /** When it was answered. */
  time: Date;
  /** Whether the pixels are exactly Python's; undefined where there is no answer. */
  exact: boolean | undefined;
  /** Whether a later check found wrong what computed it; undefined where nothing tells. */
  doubtful?: boolean;
  /** What went wrong instead of an answer; empty where nothing did. */
  problem: string;
  result: Result | undefined;
}

/** Columns of every line; those of the scores follow. */
const COLUMNS = [
  "picture",
  "answer",
  "confidence",
  "network",
  "time",
  "exact",
  "problem",
  "doubtful",
];

export function saveCSV(name: string, lines: readonly Line[]): void {
  save(`${name}.csv`, "text/csv;charset=utf-8", csvOf(tableOf(lines)));
}

export function saveJSON(name: string, lines: readonly Line[]): void {
  save(`${name}.json`, "application/json", `${JSON.stringify(recordsOf(lines), null, 1)}\n`);
}

/** A row of titles, then one for each line. Lines of networks with other labels leave columns empty. */
export function tableOf(lines: readonly Line[]): Cell[][] {
  const titles: string[] = [];
  const rows = lines.map((line) => {
    const { answer, confidence, scores } = line.result ?? { answer: "", scores: [] };
    const { picture, network, time, exact, problem, doubtful } = line;
    const row: Cell[] = [picture, answer, confidence, network];
    row.push(time.toISOString(), exact, problem, doubtful);
    const seen = new Map<string, number>();
    for (const [name, score] of scores) {
      const count = (seen.get(name) ?? 0) + 1; // labels may repeat
      seen.set(name, count);
      const title = count > 1 ? `${name} (${count})` : name;
      let column = titles.indexOf(title);
      if (column < 0) column = titles.push(title) - 1;
      row[COLUMNS.length + column] = score;
    }
    return row;
  });
  const width = COLUMNS.length + titles.length;
  return [
    [...COLUMNS, ...titles],
    ...rows.map((row) => Array.from({ length: width }, (_, at) => row[at])),
  ];
}

/** One object for each line. */
export function recordsOf(lines: readonly Line[]): object[] {
  return lines.map(({ result, time, problem, ...line }) => ({
    ...line,
    time: time.toISOString(),
    ...(problem && { problem }),
    ...(result && {
      answer: result.answer,
      ...(result.confidence !== undefined && { confidence: result.confidence }),
      scores: result.scores.map(([name, score]) => ({ name, score })),
    }),
  }));
}
