import * as tf from "@tensorflow/tfjs";
import { mapRecord, toDevice, toHost } from "./host-tensor.ts";
import type { Operations } from "./operations.ts";
import {
  type AdamParameters,
  checkInputs,
  type StateSlot,
  type StepDefinition,
  type StepState,
  stateSlots,
  stepRates,
  type TrainingStep,
} from "./training-step.ts";

type Slots = Record<StateSlot, tf.Variable>;

/** A step that the active engine runs operation by operation. */
export function eagerStep(definition: StepDefinition, operations: Operations): TrainingStep {
  const { state, adam } = definition;
  const slots = mapRecord(state.weights, (_, name) => slotsOf(state, name));
  const weights = mapRecord(slots, (own) => own.weights);
  const constants = mapRecord(definition.constants, toDevice);
  let { steps } = state;
  return {
    mode: "eager",
    async run(given, rate, seed) {
      checkInputs(definition, given);
      steps++;
      const rates = stepRates(steps, rate, adam);
      const loss = tf.tidy(() => {
        const inputs = mapRecord(given, toDevice);
        const dropoutSeed = { tensor: tf.tensor1d([seed, 0], "int32"), value: seed };
        const { value, grads } = tf.variableGrads(
          () => definition.loss({ weights, constants, inputs }, operations, dropoutSeed),
          Object.values(weights),
        );
        for (const own of Object.values(slots)) {
          const gradient = grads[own.weights.name];
          if (gradient) update(own, gradient, rates, adam);
        }
        return value;
      });
      const [lost] = await loss.data();
      loss.dispose();
      return lost!;
    },
    async state() {
      const read = async (slot: StateSlot) => {
        const entries = Object.entries(slots).map(async ([name, own]) => [name, await toHost(own[slot])]);
        return [slot, Object.fromEntries(await Promise.all(entries))];
      };
      return { steps, ...Object.fromEntries(await Promise.all(stateSlots.map(read))) };
    },
    dispose() {
      tf.dispose([slots, constants]);
    },
  };
}

function slotsOf(state: StepState, name: string): Slots {
  const slot = (of: StateSlot) => tf.tidy(() => tf.variable(toDevice(state[of][name]!), of === "weights"));
  return Object.fromEntries(stateSlots.map((of) => [of, slot(of)])) as Slots;
}

function update(
  { weights, momentum, velocity, average }: Slots,
  gradient: tf.Tensor,
  { rate, averageRate }: { rate: number; averageRate: number },
  { beta1, beta2, epsilon }: AdamParameters,
): void {
  momentum.assign(tf.add(tf.mul(momentum, beta1), tf.mul(gradient, 1 - beta1)));
  velocity.assign(tf.add(tf.mul(velocity, beta2), tf.mul(tf.square(gradient), 1 - beta2)));
  const change = tf.div(tf.mul(momentum, rate), tf.add(tf.sqrt(velocity), epsilon));
  weights.assign(tf.sub(weights, change));
  average.assign(tf.add(average, tf.mul(tf.sub(weights, average), averageRate)));
}
