/** The buttons that copy the lines beside them. */
export function enableCopying(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>(".copy")) {
    const lines = button.nextElementSibling!;
    button.addEventListener("click", () => {
      navigator.clipboard.writeText(lines.textContent).then(
        () => (button.textContent = "Copied"),
        () => {
          getSelection()?.selectAllChildren(lines); // refused by the browser
          button.textContent = "Selected: now press Ctrl+C";
        },
      );
    });
  }
}
