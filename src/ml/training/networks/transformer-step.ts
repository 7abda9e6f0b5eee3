import * as tf from "@tensorflow/tfjs";
import type { HostTensors } from "../../engines/host-tensor.ts";
import type { Operations } from "../../engines/operations.ts";
import type { LossTensors, StepDefinition, StepState } from "../../engines/training-step.ts";
import type { Markov } from "../../models/markov.ts";
import { priorTable } from "../../models/transformer/markov-prior.ts";
import { itemVectors, recencyMask, segmentMask, states } from "../../models/transformer/network.ts";
import type { TransformerParameters } from "../../models/transformer/transformer-parameters.ts";
import { type BatchForm, inputForms } from "../batches/training-batch.ts";
import type { TrainingParameters } from "../parameters/training-parameters.ts";

export type TransformerStep = {
  state: StepState;
  parameters: TransformerParameters;
  training: TrainingParameters;
  form: BatchForm;
  content?: HostTensors[string] | undefined;
  markov?: Markov | undefined;
};

/** One step of the transformer's training: at every place of the batch, which item comes next? */
export function transformerStep(step: TransformerStep): StepDefinition {
  const { state, parameters, training, form, content, markov } = step;
  const { beta1, beta2, epsilon, averageDecay } = training;
  return {
    state,
    adam: { beta1, beta2, epsilon, averageDecay },
    constants: {
      recency: recencyMask(form.width, parameters),
      ...(content ? { content } : {}),
      ...(markov && form.memory > 0 && form.negatives === 0 ? { prior: priorTable(markov) } : {}),
    },
    inputs: inputForms(form),
    loss(tensors, operations, seed) {
      const { weights, constants, inputs } = tensors;
      const vectors = itemVectors(weights, constants.content);
      const sequences = {
        ids: inputs.ids as tf.Tensor1D,
        positions: inputs.positions as tf.Tensor1D,
        mask: tf.add(segmentMask(inputs.segments as tf.Tensor2D), constants.recency!),
        rows: form.rows,
      };
      const after = states(weights, vectors, sequences, parameters, operations, (x, site) =>
        operations.dropout(x, parameters.dropout, seed, site),
      );
      if (form.negatives > 0) return sampledLoss(after, vectors, tensors, operations);
      return operations.softmaxLoss({
        states: after,
        items: vectors,
        targets: inputs.targets as tf.Tensor1D,
        weights: inputs.weights as tf.Tensor2D,
        ...priorOf(tensors, operations, parameters),
      });
    },
  };
}

/** The logarithm of Markov's probabilities at every place, without what the place itself has added to them. */
function priorOf(
  { weights, constants, inputs }: LossTensors,
  operations: Operations,
  { markovEpsilon }: TransformerParameters,
) {
  if (constants.prior === undefined) return {};
  const all = operations.gatherSum(constants.prior as tf.Tensor2D, inputs.priorRows as tf.Tensor2D);
  const others = operations.subtractAt(all, inputs.targets as tf.Tensor1D, inputs.ownShares as tf.Tensor1D);
  const scores = tf.log(tf.add(tf.relu(others), markovEpsilon)) as tf.Tensor2D;
  return { prior: { scores, weight: weights.prior as tf.Scalar } };
}

/** Takes a target that was drawn as its own negative out of the race. */
const accidentalHit = -1e9;

/**
 * Cross-entropy among the target and some drawn negatives, corrected for how often each is drawn.
 * @source Bengio and Senecal, "Adaptive Importance Sampling", 2008 (sampled softmax); Yi et al., 2019 (logQ)
 */
function sampledLoss(
  after: tf.Tensor2D,
  vectors: tf.Tensor2D,
  { weights, inputs }: LossTensors,
  { embed }: Operations,
): tf.Scalar {
  const targets = inputs.targets as tf.Tensor1D;
  const negatives = inputs.negatives as tf.Tensor1D;
  /** A prior lifts what it expects; nothing is lifted where there is none. */
  const lifted = (logits: tf.Tensor, lifts: tf.Tensor | undefined) =>
    lifts ? tf.add(logits, tf.mul(lifts, weights.prior!)) : logits;
  const own = lifted(tf.sum(tf.mul(after, embed(vectors, targets)), 1), inputs.targetLifts);
  const others = lifted(tf.matMul(after, embed(vectors, negatives), false, true), inputs.negativeLifts);
  const right = tf.sub(own, inputs.targetLogs!);
  const wrong = tf.sub(others, inputs.negativeLogs!);
  const same = tf.cast(tf.equal(tf.expandDims(targets, 1), tf.expandDims(negatives, 0)), "float32");
  const logits = tf.concat([tf.expandDims(right, 1), tf.add(wrong, tf.mul(same, accidentalHit))], 1);
  const losses = tf.sub(tf.logSumExp(logits, 1), right);
  return tf.sum(tf.mul(losses, tf.reshape(inputs.weights!, [-1])));
}
