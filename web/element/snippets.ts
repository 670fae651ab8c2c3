/** embed.html: the site's own address in the lines to copy, and buttons that copy them. */

const { base } = document.documentElement.dataset;
const { protocol } = location;

/** Milliseconds for which a button says what it did. */
const SAID = 2000;

for (const code of document.querySelectorAll("pre")) {
  // A folder on a disk is no address for others.
  if (base && protocol !== "file:") {
    code.textContent = code.textContent.replaceAll(base, new URL("./", location.href).href);
  }
  const button = code.parentElement?.querySelector("button");
  button?.addEventListener("click", () => void copy(button, code));
}

async function copy(button: HTMLButtonElement, code: HTMLElement): Promise<void> {
  const text = button.textContent;
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection()?.selectAllChildren(code); // refused, or a page from http://
    button.textContent = "Selected: now press Ctrl+C";
  }
  setTimeout(() => (button.textContent = text), SAID);
}
