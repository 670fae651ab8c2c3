/**
 * The tests' code in a page: calls the built loader as an embedding page does, and reports plain
 * data. `<html data-ready>`: this module has run.
 */
import * as torch2web from "/torch2web.js";

const models = new Map();

async function load(name, options = {}) {
  const key = JSON.stringify([name, options]);
  if (!models.has(key))
    models.set(key, await torch2web.loadModel(name, options));
  return models.get(key);
}

async function sha256(array) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", array));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
}

async function fetchBlob(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.blob();
}

/** An error as data: its class, its message and its own fields. */
export function describe(error) {
  const { name, message, ...fields } = error;
  return { error: error.name, message: error.message, ...fields };
}

/** Tensor, logits and label of each picture by one model. */
export async function compare(name, urls, options) {
  const model = await load(name, options);
  const results = {};
  for (const url of urls) {
    const blob = await fetchBlob(url);
    const tensor = await model.preprocess(blob);
    const { label, confidence, probabilities, logits } =
      await model.predict(blob);
    const ran = await model.run(tensor);
    results[url] = {
      tensor: await sha256(tensor),
      logits: [...logits],
      ran: [...ran],
      label,
      confidence,
      probabilities,
    };
  }
  return results;
}

/**
 * Loads a model and predicts one image; errors are returned as data. By default with the compiled engine: onnxruntime-web
 * takes six times as much processor time to start.
 */
export async function attempt(name, source, options = {}) {
  let predictions = 0;
  try {
    const defaults = { backends: ["compiled"], threads: 1 };
    const model = await torch2web.loadModel(name, { ...defaults, ...options });
    const { label } = await model.predict(await source());
    predictions += 1;
    const { backend, info } = model;
    return { label, predictions, backend, cache: info.cache };
  } catch (error) {
    return { ...describe(error), predictions };
  }
}

/** SHA-256 of the tensors of synthetic pictures: pixel i of channel c is a hash of both. */
export async function resizeTable(name, sizes) {
  const model = await load(name);
  const results = [];
  for (const [width, height] of sizes) {
    const image = new ImageData(width, height);
    for (let i = 0; i < width * height; i++) {
      for (let c = 0; c < 4; c++)
        image.data[i * 4 + c] = c === 3 ? 255 : synthetic(i * 3 + c);
    }
    results.push(await sha256(await model.preprocess(image)));
  }
  return results;
}

/** For each file: SHA-256 of the tensor or the name of the error, the decoder, and the reason if it is not exact. */
export async function tensors(name, urls) {
  const model = await load(name);
  const results = {};
  for (const url of urls.filter((path) => path.startsWith("corpus/"))) {
    const blob = await (await fetch(`/${url}`)).blob();
    const tensor = await model
      .preprocess(blob)
      .then(sha256, (error) => error.name);
    const { inexact = "", decodedBy = "" } = await model
      .predict(blob)
      .catch(() => ({}));
    results[url] = { tensor, inexact, decodedBy };
  }
  return results;
}

function synthetic(index) {
  return (Math.imul(index ^ (index >>> 7), 2654435761) >>> 13) & 255;
}

/** The tensors of one image passed as every kind of source that the loader accepts. */
export async function sources(name, url) {
  const model = await load(name);
  const blob = await fetchBlob(url);
  const bitmap = await createImageBitmap(blob, {
    colorSpaceConversion: "none",
  });
  const { width, height } = bitmap;
  const canvas = Object.assign(document.createElement("canvas"), {
    width,
    height,
  });
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const offscreen = new OffscreenCanvas(width, height);
  offscreen.getContext("2d").drawImage(bitmap, 0, 0);
  const img = new Image();
  img.src = url;
  const frame = new VideoFrame(canvas, { timestamp: 0 });
  const forms = {
    Blob: blob,
    File: new File([blob], "face.png"),
    ImageBitmap: bitmap,
    ImageData: context.getImageData(0, 0, width, height),
    HTMLImageElement: img,
    HTMLCanvasElement: canvas,
    OffscreenCanvas: offscreen,
    VideoFrame: frame,
  };
  const results = {};
  for (const [form, source] of Object.entries(forms)) {
    results[form] = await sha256(await model.preprocess(source));
  }
  frame.close();
  return results;
}

export async function videoLabel(name, url) {
  const model = await load(name);
  const bitmap = await createImageBitmap(await fetchBlob(url));
  const canvas = Object.assign(document.createElement("canvas"), bitmap);
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const context = canvas.getContext("2d");
  const video = Object.assign(document.createElement("video"), {
    muted: true,
    srcObject: canvas.captureStream(30),
  });
  const empty = await model.predict(video).catch(describe);
  const loaded = new Promise((resolve) =>
    video.addEventListener("loadeddata", resolve),
  );
  const timer = setInterval(() => context.drawImage(bitmap, 0, 0), 30);
  await video.play();
  await loaded;
  const { label } = await model.predict(video);
  clearInterval(timer);
  return { label, empty };
}

window.torch2web = torch2web;
window.probe = {
  load,
  compare,
  attempt,
  describe,
  resizeTable,
  sources,
  tensors,
  videoLabel,
  sha256,
  fetchBlob,
};
document.documentElement.dataset.ready = "";
