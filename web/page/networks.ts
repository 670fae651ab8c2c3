/** The list of networks. */
import type { Task } from "../loader/torch2web.ts";
import type { Choice } from "./choice.ts";
import { element } from "./element.ts";

/** Bytes over which a download is asked for first. */
const LARGE = 10e6;

/** Beside a network that has not answered yet. */
const ASKED = "…";

const list = element("models");

/** Read anew each time: a large catalogue's list grows. */
function radios(): HTMLInputElement[] {
  return [...list.querySelectorAll<HTMLInputElement>("input[name=model]")];
}

function choiceOf({ value, dataset }: HTMLInputElement): Choice {
  return {
    name: value,
    title: dataset["title"]!,
    task: (dataset["task"] ?? "classification") as Task,
    bytes: Number(dataset["bytes"]),
    ...(dataset["members"] && { members: dataset["members"].split(" ") }),
  };
}

/** The networks that are listed. */
export function choices(): readonly Choice[] {
  return radios().map(choiceOf);
}

function radioOf({ name }: Choice): HTMLInputElement {
  return radios().find(({ value }) => value === name)!;
}

/** The networks that answer together; of one network it alone. */
export function membersOf(choice: Choice): readonly Choice[] {
  const { members } = choice;
  return members ? choices().filter(({ name }) => members.includes(name)) : [choice];
}

export function chosenModel(): Choice {
  return choiceOf(radios().find(({ checked }) => checked)!);
}

export function onModel(listener: () => void): void {
  list.addEventListener("change", listener);
}

/** Chooses a network as a click on it would. */
export function selectModel(choice: Choice): void {
  const radio = radioOf(choice);
  radio.checked = true;
  radio.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Shows a network's answer beside its name, where those who choose one look. */
export function showInList(choice: Choice, answer: string): void {
  radioOf(choice).parentElement!.querySelector(".row-answer")!.textContent = answer;
}

/** Shows that this network is asked, and that no other is any more. */
export function showAsking(choice: Choice): void {
  for (const answer of answers()) if (answer.textContent === ASKED) answer.textContent = "";
  showInList(choice, ASKED);
}

function answers(): Iterable<HTMLElement> {
  return list.querySelectorAll<HTMLElement>(".row-answer");
}

/** Forgets the answers of all networks: they were about another picture. */
export function clearList(): void {
  for (const answer of answers()) answer.textContent = "";
}

/** Whether loading it would start a large download: what is not on this device yet is large. */
export async function isLargeDownload(choice: Choice): Promise<boolean> {
  if (choice.bytes <= LARGE) return false;
  let missing = 0;
  for (const member of membersOf(choice)) if (!(await isHere(member))) missing += member.bytes;
  return missing > LARGE;
}

/** Whether a network is on this device. */
async function isHere(choice: Choice): Promise<boolean> {
  const { part } = radioOf(choice).dataset;
  try {
    // Of any cache: that of the loader.
    return Boolean(await caches.match(new URL(part!, import.meta.url)));
  } catch {
    return false; // pages from plain HTTP have no caches
  }
}
