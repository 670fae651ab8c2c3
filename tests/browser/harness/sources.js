/** Passes one image as every kind of source, and reports the loader's result for each. */
import { describe } from "./probe.js";

const loaded = (img) => img.decode().then(() => img);

function element(properties) {
  return loaded(Object.assign(document.createElement("img"), properties));
}

async function shownOn(canvas, url) {
  const img = await element({ src: url });
  canvas.width = img.naturalWidth;
  canvas.height = img.naturalHeight;
  const context = canvas.getContext("2d");
  context.drawImage(img, 0, 0);
  return { canvas, context };
}

/** Another window, whose classes are not the page's. */
async function otherWindow() {
  const frame = document.createElement("iframe");
  document.body.append(frame);
  return frame.contentWindow;
}

/** By kind: makes a source of the image at `url`. */
export const KINDS = {
  blob: (url) => probe.fetchBlob(url),
  file: async (url) => new File([await probe.fetchBlob(url)], "photo"),
  address: (url) => url,
  URL: (url) => new URL(url, location.href),
  img: (url) => element({ src: url }),
  "img that has not loaded": (url) => Object.assign(new Image(), { src: url }),
  "img with srcset": (url) =>
    element({ srcset: `${url} 1000w`, sizes: "333px" }),
  "img of twice the density": (url) => element({ srcset: `${url} 2x` }),
  "img of a blob: address": async (url) =>
    element({ src: URL.createObjectURL(await probe.fetchBlob(url)) }),
  "img of a data: address": async (url) => {
    const reader = new FileReader();
    reader.readAsDataURL(await probe.fetchBlob(url));
    await new Promise((resolve) => (reader.onload = resolve));
    return element({ src: reader.result });
  },
  "another window's Blob": async (url) => {
    const blob = await probe.fetchBlob(url);
    return new (await otherWindow()).Blob([await blob.arrayBuffer()]);
  },
  "another window's img": async (url) => {
    const img = (await otherWindow()).document.createElement("img");
    return loaded(Object.assign(img, { src: url }));
  },
  "another window's canvas": async (url) => {
    const canvas = (await otherWindow()).document.createElement("canvas");
    return (await shownOn(canvas, url)).canvas;
  },
  "another window's ImageData": async (url) => {
    const canvas = (await otherWindow()).document.createElement("canvas");
    const { context } = await shownOn(canvas, url);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  },
  canvas: async (url) =>
    (await shownOn(document.createElement("canvas"), url)).canvas,
  OffscreenCanvas: async (url) =>
    (await shownOn(new OffscreenCanvas(1, 1), url)).canvas,
  ImageBitmap: async (url) => createImageBitmap(await element({ src: url })),
  ImageData: async (url) => {
    const { canvas, context } = await shownOn(new OffscreenCanvas(1, 1), url);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  },
  VideoFrame: async (url) => {
    const { canvas } = await shownOn(new OffscreenCanvas(1, 1), url);
    return new VideoFrame(canvas, { timestamp: 0 });
  },
  "VideoFrame of a WebGL canvas": async (url) =>
    new VideoFrame(await webgl(url), { timestamp: 0 }),
  "WebGL canvas": (url) => webgl(url),
};

/** A WebGL canvas that shows the image as a texture in its original size. */
async function webgl(url) {
  const { canvas: picture } = await shownOn(new OffscreenCanvas(1, 1), url);
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  const gl = canvas.getContext("webgl2", { antialias: false });
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, picture);
  const read = gl.createFramebuffer();
  gl.bindFramebuffer(gl.READ_FRAMEBUFFER, read);
  gl.framebufferTexture2D(
    gl.READ_FRAMEBUFFER,
    gl.COLOR_ATTACHMENT0,
    gl.TEXTURE_2D,
    texture,
    0,
  );
  const { width: w, height: h } = canvas;
  gl.blitFramebuffer(0, 0, w, h, 0, h, w, 0, gl.COLOR_BUFFER_BIT, gl.NEAREST);
  return canvas;
}

/** The loader's result for one source: the tensor's SHA-256 and fields of the prediction, or the error. */
export async function answer(model, source, options = {}) {
  try {
    const tensor = await probe.sha256(await model.preprocess(source, options));
    const { exact, inexact, orientation, decodedBy } = await model.predict(
      source,
      options,
    );
    return { tensor, exact, inexact, orientation, decodedBy };
  } catch (error) {
    return describe(error);
  }
}

/** Every kind of source of every picture: `{picture: {kind: answer}}`. */
export async function answers(name, urls, kinds, loadOptions, options) {
  const model = await probe.load(name, loadOptions);
  const all = {};
  for (const url of urls) {
    all[url] = {};
    for (const kind of kinds.length ? kinds : Object.keys(KINDS)) {
      const source = await KINDS[kind](url);
      all[url][kind] = await answer(model, source, options);
      source.close?.();
    }
  }
  return all;
}
