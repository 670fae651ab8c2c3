/** Contrast of each visible text of the page with its background, as defined in WCAG 2. */
const TEXTS = "h1, h2, p, dt, dd, label, th, td, button, a, code, #label";

const context = Object.assign(document.createElement("canvas"), {
  width: 1,
  height: 1,
}).getContext("2d");

function luminance(colour) {
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue] = [...context.getImageData(0, 0, 1, 1).data].map(
    (level) => {
      const share = level / 255;
      return share <= 0.04045
        ? share / 12.92
        : ((share + 0.055) / 1.055) ** 2.4;
    },
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function ground(element) {
  for (let at = element; at; at = at.parentElement) {
    const { backgroundColor } = getComputedStyle(at);
    if (backgroundColor !== "rgba(0, 0, 0, 0)") return backgroundColor;
  }
  return "white";
}

export function contrasts() {
  return [...document.querySelectorAll(TEXTS)]
    .filter(
      (element) =>
        element.textContent.trim() && element.getClientRects().length,
    )
    .map((element) => {
      const [ink, paper] = [
        getComputedStyle(element).color,
        ground(element),
      ].map(luminance);
      const ratio =
        (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
      return [ratio, element.tagName, element.textContent.slice(0, 30)];
    });
}
