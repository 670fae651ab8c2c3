/** Saves a file on the visitor's device. */

/** Milliseconds until the browser has surely begun to save it. */
const KEPT = 60_000;

export function save(name: string, type: string, content: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT);
}
