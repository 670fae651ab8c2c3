/** The list of networks. */
import type { Task } from "../loader/torch2web.ts";
import type { Choice } from "./choice.ts";

/** Bytes over which a download is asked for first. */
const LARGE = 10e6;

/** Beside a network that has not answered yet. */
const ASKED = "…";

const radios = [...document.querySelectorAll<HTMLInputElement>("input[name=model]")];

export const choices: readonly Choice[] = radios.map(({ value, dataset }) => ({
  name: value,
  title: dataset["title"]!,
  task: (dataset["task"] ?? "classification") as Task,
  bytes: Number(dataset["bytes"]),
  ...(dataset["members"] && { members: dataset["members"].split(" ") }),
}));

/** The networks that answer together; of one network it alone. */
export function membersOf(choice: Choice): readonly Choice[] {
  const { members } = choice;
  return members ? choices.filter(({ name }) => members.includes(name)) : [choice];
}

export function chosenModel(): Choice {
  return choices[radios.findIndex(({ checked }) => checked)]!;
}

export function onModel(listener: () => void): void {
  for (const radio of radios) radio.addEventListener("change", listener);
}

/** Chooses a network as a click on it would. */
export function selectModel({ name }: Choice): void {
  const radio = radios.find(({ value }) => value === name)!;
  radio.checked = true;
  radio.dispatchEvent(new Event("change"));
}

/** Shows a network's answer beside its name, where those who choose one look. */
export function showInList(choice: Choice, answer: string): void {
  answerIn(choice).textContent = answer;
}

/** Shows that this network is asked, and that no other is any more. */
export function showAsking(choice: Choice): void {
  for (const other of choices) if (answerIn(other).textContent === ASKED) showInList(other, "");
  showInList(choice, ASKED);
}

function answerIn({ name }: Choice): HTMLElement {
  const radio = radios.find(({ value }) => value === name)!;
  return radio.parentElement!.querySelector(".row-answer")!;
}

/** Forgets the answers of all networks: they were about another picture. */
export function clearList(): void {
  for (const choice of choices) showInList(choice, "");
}

/** Whether loading it would start a large download: what is not on this device yet is large. */
export async function isLargeDownload(choice: Choice): Promise<boolean> {
  if (choice.bytes <= LARGE) return false;
  let missing = 0;
  for (const member of membersOf(choice)) if (!(await isHere(member))) missing += member.bytes;
  return missing > LARGE;
}

/** Whether a network is on this device. */
async function isHere({ name }: Choice): Promise<boolean> {
  const { dataset } = radios.find(({ value }) => value === name)!;
  try {
    // Of any cache: that of the loader.
    return Boolean(await caches.match(new URL(dataset["part"]!, import.meta.url)));
  } catch {
    return false; // pages from plain HTTP have no caches
  }
}
