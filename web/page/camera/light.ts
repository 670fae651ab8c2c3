/** How light a picture is. */

const WIDTH = 32;
const HEIGHT = 24;

/** Mean luminance below which a picture is dark, of 255. */
const DARK = 40;

const context = Object.assign(document.createElement("canvas"), {
  width: WIDTH,
  height: HEIGHT,
}).getContext("2d", { willReadFrequently: true })!;

/** Whether a video's current frame is too dark to see much on. */
export function isDark(video: HTMLVideoElement): boolean {
  context.drawImage(video, 0, 0, WIDTH, HEIGHT);
  return luminance(context.getImageData(0, 0, WIDTH, HEIGHT).data) < DARK;
}

/** Mean of Rec. 601's luma, 0 to 255, of RGBA pixels. */
export function luminance(pixels: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < pixels.length; at += 4) {
    sum += 0.299 * pixels[at]! + 0.587 * pixels[at + 1]! + 0.114 * pixels[at + 2]!;
  }
  return sum / (pixels.length / 4);
}
