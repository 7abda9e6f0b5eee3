import * as tf from "@tensorflow/tfjs";
import type { Engine } from "../../engines/engine.ts";
import { type HostTensors, mapRecord, toDevice, toHost } from "../../engines/host-tensor.ts";
import { addLifts } from "../expert.ts";
import type { Markov } from "../markov.ts";
import type { Recommender } from "../recommender.ts";
import { itemVectors, recencyMask, states, type Tensors } from "./network.ts";
import type { TransformerParameters } from "./transformer-parameters.ts";

/** Everything that a trained transformer is. */
export type TransformerModel = {
  parameters: TransformerParameters;
  /** By the names of network.ts. */
  weights: HostTensors;
  /** [items, contentDimension]; absent when the parameters have no content. */
  content?: HostTensors[string];
  /** [items]: scores for viewers without history, the logarithm of how often each item was chosen. */
  popularity: HostTensors[string];
  /** Its prior; absent when the parameters have none. */
  markov?: Markov;
};

/** Histories that go through the network together. */
const rowsAtOnce = 64;

/** A transformer on an engine; `score` gives logits. */
export class Transformer implements Recommender, Disposable {
  readonly name = "Transformer";
  readonly scale = "logits";
  readonly items: number;
  readonly model: TransformerModel;
  readonly #engine: Engine;
  readonly #weights: Tensors;
  readonly #vectors: tf.Tensor2D;

  constructor(model: TransformerModel, engine: Engine) {
    this.items = model.weights.items!.shape[0]!;
    this.model = model;
    this.#engine = engine;
    this.#weights = mapRecord(model.weights, toDevice);
    this.#vectors = tf.tidy(() =>
      itemVectors(this.#weights, model.content && toDevice(model.content)).clone(),
    );
  }

  async score(histories: readonly Int32Array[]): Promise<Float32Array> {
    const scores = new Float32Array(histories.length * this.items);
    // Rows of like length waste little on padding.
    const order = histories
      .map((_, index) => index)
      .sort((a, b) => histories[a]!.length - histories[b]!.length);
    for (let start = 0; start < order.length; start += rowsAtOnce) {
      const some = order.slice(start, start + rowsAtOnce);
      const logits = await this.#logits(some.map((index) => histories[index]!));
      for (const [row, index] of some.entries()) {
        const own = logits.subarray(row * this.items, (row + 1) * this.items);
        scores.set(histories[index]!.length > 0 ? own : this.model.popularity.values, index * this.items);
      }
    }
    return scores;
  }

  /** What each item is to the network [items, dimension], for an index of neighbours. */
  async itemVectors(): Promise<Float32Array> {
    return (await toHost(this.#vectors)).values as Float32Array;
  }

  [Symbol.dispose](): void {
    tf.dispose([this.#weights, this.#vectors]);
  }

  async #logits(histories: readonly Int32Array[]): Promise<Float32Array> {
    const { parameters, markov } = this.model;
    const batch = padded(histories, parameters.context);
    const logits = tf.tidy(() => {
      const sequences = {
        ids: tf.tensor1d(batch.ids, "int32"),
        positions: tf.tensor1d(batch.positions, "int32"),
        mask: toDevice(recencyMask(batch.length, parameters)),
        rows: histories.length,
      };
      const all = states(
        this.#weights,
        this.#vectors,
        sequences,
        parameters,
        this.#engine.operations,
        (x) => x,
      );
      const last = tf.gather(all, tf.tensor1d(batch.last, "int32"));
      return tf.matMul(last, this.#vectors, false, true);
    });
    const scores = (await logits.data()) as Float32Array;
    logits.dispose();
    if (markov !== undefined)
      addLifts(markov, histories, scores, {
        weight: this.model.weights.prior!.values[0]!,
        epsilon: parameters.markovEpsilon,
      });
    return scores;
  }
}

/** The ends of histories as rows of equal length; what the rest of a row holds comes too late to be seen. */
function padded(histories: readonly Int32Array[], context: number) {
  const windows = histories.map((history) => history.subarray(Math.max(0, history.length - context)));
  const length = Math.max(1, ...windows.map((window) => window.length));
  const ids = new Int32Array(windows.length * length);
  const positions = Int32Array.from(ids, (_, place) => place % length);
  const last = Int32Array.from(windows, (window, row) => row * length + Math.max(0, window.length - 1));
  for (const [row, window] of windows.entries()) ids.set(window, row * length);
  return { ids, positions, last, length };
}
