import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { seeded } from "../../../base/random.ts";
import { TypedError } from "../../../base/typed-error.ts";
import type { Engine } from "../../engines/engine.ts";
import { type HostTensor, type HostTensors, mapRecord, toDevice } from "../../engines/host-tensor.ts";
import { decodeSafetensors, encodeSafetensors } from "../stored/safetensors.ts";
import { objectiveNames } from "./objectives.ts";
import { initialRankerWeights, rankerLogits } from "./ranker-network.ts";
import { RankerParameters } from "./ranker-parameters.ts";
import { featureNames } from "./ranking-features.ts";

/** Everything that a trained ranker is. */
export type RankerModel = {
  parameters: RankerParameters;
  weights: HostTensors;
  /** Of each feature in the training data; what is scored is normalised by them. */
  mean: Float32Array;
  deviation: Float32Array;
};

/** Features less their mean, in units of their deviation, a row after the other. */
export const normalised = (
  rows: readonly Float32Array[],
  { mean, deviation }: Pick<RankerModel, "mean" | "deviation">,
): Float32Array => {
  const values = new Float32Array(rows.length * featureNames.length);
  for (const [row, features] of rows.entries())
    for (const [column, value] of features.entries())
      values[row * featureNames.length + column] = (value - mean[column]!) / deviation[column]!;
  return values;
};

/** A ranker on an engine: how a user is likely to react to a video. */
export class Ranker implements Disposable {
  readonly model: RankerModel;
  readonly #engine: Engine;
  readonly #weights: Readonly<Record<string, tf.Tensor>>;

  constructor(model: RankerModel, engine: Engine) {
    this.model = model;
    this.#engine = engine;
    this.#weights = mapRecord(model.weights, toDevice);
  }

  /** For each row of features the probability of each objective, row after row. */
  async predict(rows: readonly Float32Array[]): Promise<Float32Array> {
    if (rows.length === 0) return new Float32Array(0);
    const { parameters } = this.model;
    const probabilities = tf.tidy(() => {
      const x = tf.tensor2d(normalised(rows, this.model), [rows.length, featureNames.length]);
      return tf.sigmoid(rankerLogits(this.#weights, x, parameters, this.#engine.operations));
    });
    const values = (await probabilities.data()) as Float32Array;
    probabilities.dispose();
    return values.slice();
  }

  [Symbol.dispose](): void {
    tf.dispose(this.#weights);
  }
}

const files = { description: "ranker.json", weights: "ranker.safetensors" } as const;

/** A ranker of other features or objectives must not be taken for one of these. */
const Description = z.strictObject({
  format: z.literal(1),
  parameters: RankerParameters,
  features: z.tuple(featureNames.map((name) => z.literal(name)) as [z.ZodLiteral]),
  objectives: z.tuple(objectiveNames.map((name) => z.literal(name)) as unknown as [z.ZodLiteral]),
});

export async function writeRanker(folder: string, model: RankerModel): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { parameters, weights, mean, deviation } = model;
  const row = (values: Float32Array): HostTensor => ({ shape: [values.length], values });
  const tensors = { ...weights, mean: row(mean), deviation: row(deviation) };
  const description = { format: 1, parameters, features: featureNames, objectives: objectiveNames };
  await writeFile(join(folder, files.weights), encodeSafetensors(tensors));
  await writeFile(join(folder, files.description), `${JSON.stringify(description, null, 2)}\n`);
}

/** Removes the ranker that another training may have left. */
export async function removeRanker(folder: string): Promise<void> {
  for (const name of Object.values(files)) await rm(join(folder, name), { force: true });
}

/**
 * @returns nothing when the folder has no ranker
 * @throws TypedError MODEL_CORRUPT
 */
export async function readRanker(folder: string): Promise<RankerModel | undefined> {
  const text = await readFile(join(folder, files.description), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const { parameters } = Description.parse(JSON.parse(text));
    const { mean, deviation, ...weights } = decodeSafetensors(
      await readFile(join(folder, files.weights)),
    ).tensors;
    for (const [name, { shape }] of Object.entries(initialRankerWeights(parameters, seeded(0))))
      if (String(weights[name]?.shape) !== String(shape)) throw new RangeError(`${name} is not [${shape}]`);
    return {
      ...{ parameters, weights },
      mean: mean!.values as Float32Array,
      deviation: deviation!.values as Float32Array,
    };
  } catch (cause) {
    throw new TypedError("MODEL_CORRUPT", `the ranker in ${folder} cannot be read: ${cause}`, { cause });
  }
}
