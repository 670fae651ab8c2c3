/**
 * MobileNetV2 for TensorFlow.js on WebAssembly, as converter/architectures/mobilenet_v2.py has it. BatchNorm is in the
 * weights already. Bundled for the page by tfjs.py.
 */
import * as tf from "@tensorflow/tfjs-core";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";

/** Expansion, output channels, repeats and the stride of the first. */
const BLOCKS = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];

/** The network on one thread, with what `folder` holds: NHWC pixels in, a promise of logits out. */
export async function loadMobileNet(folder) {
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  setWasmPaths(folder);
  if (!(await tf.setBackend("wasm"))) throw new Error("tfjs has no wasm here");
  const weights = await readWeights(folder);
  return async (pixels, shape) => {
    const logits = tf.tidy(() => network(tf.tensor4d(pixels, shape), weights));
    const values = await logits.data();
    logits.dispose();
    return values;
  };
}

/** Each weight followed by its bias, in the order in which the network uses them. */
async function readWeights(folder) {
  const [table, bytes] = await Promise.all([
    fetch(`${folder}weights.json`).then((response) => response.json()),
    fetch(`${folder}weights.bin`).then((response) => response.arrayBuffer()),
  ]);
  let at = 0;
  return table.map(({ shape }) => {
    const values = new Float32Array(bytes, at, tf.util.sizeFromShape(shape));
    at += values.byteLength;
    return tf.tensor(values, shape);
  });
}

function network(input, weights) {
  let next = 0;
  // Fused with bias and activation, which is the fastest that tfjs offers.
  const layer = (convolve, x, { strides = 1, pad = 0, activation } = {}) =>
    convolve({
      x,
      filter: weights[next++],
      bias: weights[next++],
      strides,
      pad,
      activation,
    });
  const { conv2d, depthwiseConv2d, matMul } = tf.fused;
  const activation = "relu6";

  let x = layer(conv2d, input, { strides: 2, pad: 1, activation });
  for (const [expansion, channels, repeats, first] of BLOCKS) {
    for (let repeat = 0; repeat < repeats; repeat++) {
      const strides = repeat ? 1 : first;
      let y = expansion === 1 ? x : layer(conv2d, x, { activation });
      y = layer(depthwiseConv2d, y, { strides, pad: 1, activation });
      y = layer(conv2d, y);
      x = strides === 1 && x.shape[3] === channels ? tf.add(x, y) : y;
    }
  }
  x = tf.mean(layer(conv2d, x, { activation }), [1, 2]);
  return matMul({ a: x, b: weights[next++], bias: weights[next++] });
}
