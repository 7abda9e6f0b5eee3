import type { Random } from "../../../base/random.ts";
import { seeded } from "../../../base/random.ts";
import { TypedError } from "../../../base/typed-error.ts";
import { itemCounts } from "../../dataset.ts";
import type { Engine } from "../../engines/engine.ts";
import type { HostTensor, HostTensors } from "../../engines/host-tensor.ts";
import { makeStep } from "../../engines/make-step.ts";
import { initialState, type TrainingStep } from "../../engines/training-step.ts";
import type { Markov } from "../../models/markov.ts";
import { initialWeights } from "../../models/transformer/network.ts";
import type { TransformerModel } from "../../models/transformer/transformer.ts";
import type { TransformerParameters } from "../../models/transformer/transformer-parameters.ts";
import { casesOfDrawnUsers, type Split } from "../../split.ts";
import { type EpochBatches, epochBatches, placesOf } from "../batches/epoch-batches.ts";
import { fittingParameters, fittingTraining } from "../parameters/fitting-parameters.ts";
import { learningRate, type TrainingParameters } from "../parameters/training-parameters.ts";
import { type Checkpoint, hashDataset, readCheckpoint, type Task, writeCheckpoint } from "./checkpoint.ts";
import { Pace } from "./pace.ts";
import {
  afterBatch,
  afterEpoch,
  bestOf,
  type CurvePoint,
  firstPlace,
  isBetter,
  isFinished,
  type TrainingPlace,
  validationIsDue,
} from "./training-place.ts";
import { transformerStep } from "./transformer-step.ts";
import { validate } from "./validate.ts";

/** How far a training is. */
export type TrainingProgress = {
  epoch: number;
  epochs: number;
  /** Of the epoch so far. */
  loss: number;
  /** Places of histories a second. */
  tokensPerSecond: number;
  secondsLeft: number;
  /** Best validation NDCG@10 so far. */
  bestNdcg: number | undefined;
};

export type TrainTransformerOptions = {
  engine: Engine;
  parameters: TransformerParameters;
  training: TrainingParameters;
  seed: number;
  /** Fitted on the same training data; the prior of networks that want one. */
  markov: Markov;
  /** [items, contentDimension] */
  content?: HostTensor | undefined;
  /** Initial weights instead of random ones. */
  warmStart?: HostTensors | undefined;
  /** Which users an epoch learns from; all of them without it. */
  choose?: ((random: Random) => (user: number) => boolean) | undefined;
  /** Where checkpoints go; none are written without it. */
  checkpoint?: string | undefined;
  /** Whether to resume from that checkpoint if there is one. */
  resume?: boolean | undefined;
  onProgress?: ((progress: TrainingProgress) => void) | undefined;
  /** Receives deviations from the request: no compiled step, no checkpoint. */
  onNotice?: ((message: string) => void) | undefined;
  signal?: AbortSignal | undefined;
};

export type TrainedTransformer = {
  model: TransformerModel;
  curve: CurvePoint[];
  best: { epoch: number; ndcg: number };
  steps: number;
  seconds: number;
  mode: TrainingStep["mode"];
};

/**
 * Trains on `split.train` until validation stops improving, and keeps the weights of the best validation.
 * @throws TypedError LOSS_NOT_A_NUMBER, ENGINE_FAILED, CHECKPOINT_OF_ANOTHER, MODEL_CORRUPT, DATASET_TOO_SMALL
 */
export async function trainTransformer(
  split: Split,
  options: TrainTransformerOptions,
): Promise<TrainedTransformer> {
  const { checkpoint, resume, seed, onNotice = () => {} } = options;
  const { train } = split;
  const training = fittingTraining(options.training, {
    places: placesOf(train, options.parameters.context),
    items: train.items.length,
    dimension: options.parameters.dimension,
  });
  const parameters = fittingParameters(options.parameters, training, train.items.length, onNotice);
  const task: Task = { parameters, training, seed, data: hashDataset(train) };
  const found = checkpoint && resume ? await readCheckpoint(checkpoint, task) : undefined;
  const running = new Training(split, options, task, found);
  try {
    while (!running.finished) await running.epoch();
  } finally {
    running.dispose();
  }
  return running.result();
}

/** A running training: the state that a checkpoint holds, and what acts on it. */
class Training {
  readonly #split: Split;
  readonly #options: TrainTransformerOptions;
  readonly #task: Task;
  readonly #markov: Markov | undefined;
  readonly #batches: EpochBatches;
  readonly #step: TrainingStep;
  readonly #pace = new Pace();
  readonly #began: number;
  #place: TrainingPlace;
  #best: HostTensors | undefined;

  constructor(split: Split, options: TrainTransformerOptions, task: Task, found: Checkpoint | undefined) {
    const { train } = split;
    const { engine, content, seed, warmStart, choose, onNotice } = options;
    const { parameters, training } = task;
    this.#split = { train, cases: casesOfDrawnUsers(split, task.training.validationUsers) };
    this.#options = options;
    this.#task = task;
    this.#markov = parameters.markovPrior ? options.markov : undefined;
    const { context, markovEpsilon } = parameters;
    const prior = this.#markov && { markov: this.#markov, epsilon: markovEpsilon };
    this.#batches = epochBatches(train, { context, training, seed, choose, prior });
    // What an older model lacks, content or a prior, starts from its initial weights.
    const weights = { ...initialWeights(train.items.length, parameters, seeded(seed)), ...warmStart };
    const state = found?.state ?? initialState(weights);
    const { form } = this.#batches;
    const definition = { state, parameters, training, form, content, markov: this.#markov };
    this.#step = makeStep(engine, transformerStep(definition), onNotice);
    this.#place = found?.place ?? firstPlace;
    this.#best = found?.best;
    this.#began = performance.now() - 1000 * this.#place.seconds;
  }

  get finished(): boolean {
    return isFinished(this.#place, this.#task.training);
  }

  /** Finishes the current epoch and validates when due. */
  async epoch(): Promise<void> {
    const rows = this.#batches.rows(this.#place.epoch);
    const batches = Math.ceil(rows.length / this.#batches.form.rows);
    while (this.#place.batches < batches) {
      await this.#saveIfStopped();
      const { batches: index, steps } = this.#place;
      await this.#learn(this.#batches.batch(rows, index, steps), batches);
    }
    await this.#pace.outside(async () => {
      const validation = validationIsDue(this.#place, this.#task.training)
        ? await this.#validate()
        : undefined;
      this.#place = afterEpoch(this.#place, validation);
      await this.#save();
    });
  }

  result(): TrainedTransformer {
    const { curve, steps } = this.#place;
    const { epoch, ndcg } = bestOf(curve)!;
    return {
      ...{ model: this.#modelOf(this.#best!), curve, best: { epoch, ndcg: ndcg! }, steps },
      ...{ seconds: this.#spent(), mode: this.#step.mode },
    };
  }

  dispose(): void {
    this.#step.dispose();
  }

  async #learn({ inputs, tokens }: { inputs: HostTensors; tokens: number }, batches: number): Promise<void> {
    const { training, seed } = this.#task;
    const { epoch, steps } = this.#place;
    const rate = learningRate(steps, training.epochs * batches, training);
    // TensorFlow takes a seed of 32 bits.
    const loss = await this.#step.run(inputs, rate, (seed * 1_000_003 + steps) % 2 ** 31);
    if (!Number.isFinite(loss)) throw notANumber(epoch, rate);
    this.#pace.step(tokens);
    this.#place = afterBatch(this.#place, loss);
    this.#reportProgress(batches);
  }

  #reportProgress(batches: number): void {
    const { epoch, batches: done, lossSum, curve } = this.#place;
    const { epochs } = this.#task.training;
    this.#options.onProgress?.({
      epoch: epoch + 1,
      epochs,
      loss: lossSum / done,
      tokensPerSecond: this.#pace.tokensPerSecond,
      secondsLeft: this.#pace.secondsFor((epochs - epoch) * batches - done),
      bestNdcg: bestOf(curve)?.ndcg,
    });
  }

  /** Validates the averaged weights, and keeps them if they are the best so far. */
  async #validate(): Promise<{ ndcg: number; hitRate: number }> {
    const { engine, signal } = this.#options;
    const { average } = await this.#step.state();
    const validation = await validate(this.#modelOf(average), this.#split, { engine, signal });
    if (isBetter(validation.ndcg, this.#place.curve)) this.#best = average;
    return validation;
  }

  #modelOf(weights: HostTensors): TransformerModel {
    const { parameters } = this.#task;
    const { content } = this.#options;
    const popularity = Float32Array.from(itemCounts(this.#split.train), (count) => Math.log1p(count));
    return {
      parameters,
      weights,
      popularity: { shape: [popularity.length], values: popularity },
      ...(content && parameters.contentDimension > 0 ? { content } : {}),
      ...(this.#markov ? { markov: this.#markov } : {}),
    };
  }

  async #saveIfStopped(): Promise<void> {
    const { signal } = this.#options;
    if (!signal?.aborted) return;
    await this.#save();
    signal.throwIfAborted();
  }

  async #save(): Promise<void> {
    const { checkpoint, onNotice } = this.#options;
    if (checkpoint === undefined) return;
    const place = { ...this.#place, seconds: this.#spent() };
    const state = await this.#step.state();
    try {
      await writeCheckpoint(checkpoint, { task: this.#task, place, state, best: this.#best });
    } catch (error) {
      if (!(error instanceof TypedError && error.code === "CHECKPOINT_FAILED")) throw error;
      onNotice?.(`${error.message}; training continues without one`);
    }
  }

  #spent = () => (performance.now() - this.#began) / 1000;
}

const notANumber = (epoch: number, rate: number) =>
  new TypedError(
    "LOSS_NOT_A_NUMBER",
    `the loss of epoch ${epoch + 1} is not a number: lower learningRate (it was ${rate.toPrecision(2)}). The active model is unchanged`,
  );
