/** The buttons that copy what stands beside them. */
export function enableCopying(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>(".copy")) {
    const snippet = button.nextElementSibling!;
    button.addEventListener("click", () => {
      navigator.clipboard.writeText(snippet.textContent).then(
        () => (button.textContent = "Copied"),
        () => getSelection()?.selectAllChildren(snippet),
      );
    });
  }
}
