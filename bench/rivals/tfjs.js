/** A network for TensorFlow.js on WebAssembly, from the layers that tfjs.py wrote, which bundles this for the page. */
import * as tf from "@tensorflow/tfjs-core";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";

/**
 * The network that `folder` holds under `name`, on one thread: NHWC pixels in, a promise of logits out. Told to take two,
 * tfjs 4.22 fetches its build with threads, and then `getThreadsCount` still says 1, as its timings do.
 */
export async function loadNetwork(folder, name) {
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  setWasmPaths(folder);
  if (!(await tf.setBackend("wasm"))) throw new Error("tfjs has no wasm here");
  const { input, output, layers, shapes } = await (
    await fetch(`${folder}${name}.json`)
  ).json();
  const weights = await readWeights(`${folder}${name}.bin`, shapes);
  return async (pixels, shape) => {
    const logits = tf.tidy(() => {
      const values = new Map([[input, tf.tensor4d(pixels, shape)]]);
      for (const layer of layers) {
        const inputs = layer.inputs.map((key) => values.get(key));
        const own = layer.weights.map((index) => weights[index]);
        values.set(layer.output, RUN[layer.kind](inputs, own, layer));
      }
      return values.get(output);
    });
    const found = await logits.data();
    logits.dispose();
    return found;
  };
}

async function readWeights(url, shapes) {
  const bytes = await (await fetch(url)).arrayBuffer();
  let at = 0;
  return shapes.map((shape) => {
    const values = new Float32Array(bytes, at, tf.util.sizeFromShape(shape));
    at += values.byteLength;
    return tf.tensor(values, shape);
  });
}

/** Fused with bias and activation, the fastest operation of tfjs. */
function fused(convolve) {
  return ([x], [filter, bias], { strides, pad, activation }) =>
    convolve({ x, filter, bias, strides, pad, activation });
}

const RUN = {
  conv: fused(tf.fused.conv2d),
  depthwise: fused(tf.fused.depthwiseConv2d),
  gemm: ([a], [b, bias], { activation }) =>
    tf.fused.matMul({ a, b, bias, activation }),
  add: ([a, b]) => tf.add(a, b),
  mul: ([a, b]) => tf.mul(a, b),
  sigmoid: ([x]) => tf.sigmoid(x),
  mean: ([x], _, { axes }) => tf.mean(x, axes, true),
  maxpool: ([x], _, { kernel, strides }) =>
    tf.maxPool(x, kernel, strides, "valid"),
  // In ONNX's order, which the following weights expect.
  flatten: ([x]) => tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [x.shape[0], -1]),
};
