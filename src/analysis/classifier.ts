import { createRequire } from "node:module";
import { dirname } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { load, type ModelDefinition } from "nsfwjs/core";
import type { RawFrames } from "./analysis-input.ts";
import { type ClassifierName, classes, type FrameScores } from "./classes.ts";
import { shrunk } from "./raw-frames.ts";

export type Seen = { scores: FrameScores; embedding: Float32Array };

export type Classifier = (frame: Uint8Array, size: Pick<RawFrames, "width" | "height">) => Promise<Seen>;

/** The layer before the last; dropout after it does nothing once a network is trained. */
const innerLayer = "dense_2";

const networks: Record<ClassifierName, { side: number; definition: () => Promise<ModelDefinition> }> = {
  mobilenet_v2: {
    side: 224,
    definition: async () => (await import("nsfwjs/models/mobilenet_v2")).MobileNetV2Model,
  },
  inception_v3: {
    side: 299,
    definition: async () => (await import("nsfwjs/models/inception_v3")).InceptionV3Model,
  },
};

/** Loads a network from the npm package, and its runtime: nothing is fetched. */
export async function loadClassifier(name: ClassifierName): Promise<Classifier> {
  const runtime = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(`${dirname(runtime)}/`);
  await tf.setBackend("wasm");
  const { side, definition } = networks[name];
  const found = await definition();
  const network = await load(found.name, { size: side, modelDefinitions: [found] });
  const whole = network.model as tf.LayersModel;
  // One pass for both outputs: the last layers run on the inner one's result.
  const both = tf.model({
    inputs: whole.inputs,
    outputs: [whole.outputs[0]!, whole.getLayer(innerLayer).output as tf.SymbolicTensor],
  });
  return async (frame, size) => {
    // Scaling down by a large factor would sample single pixels, so squares are averaged first.
    const small = shrunk(frame, size, Math.floor(Math.min(size.width, size.height) / side));
    const [output, inner] = tf.tidy(() => {
      const pixels = tf
        .tensor3d(small.frame, [small.height, small.width, 3], "float32")
        .div<tf.Tensor3D>(255);
      return both.predict(tf.image.resizeBilinear(pixels, [side, side], true).expandDims(0)) as tf.Tensor[];
    }) as [tf.Tensor, tf.Tensor];
    const [probabilities, embedding] = await Promise.all([output.data(), inner.data()]);
    tf.dispose([output, inner]);
    const scores = Object.fromEntries(classes.map((name, index) => [name, probabilities[index]!]));
    return { scores: scores as FrameScores, embedding: Float32Array.from(embedding) };
  };
}
