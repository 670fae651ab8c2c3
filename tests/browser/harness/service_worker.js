/** A service worker that tries to load a model. */
import * as torch2web from "/torch2web.js";

self.addEventListener("message", ({ ports: [port] }) => {
  torch2web
    .loadModel("mobilenet_emotion")
    .then(
      () => ({}),
      ({ name, message }) => ({ error: name, message }),
    )
    .then((found) => port.postMessage(found));
});
