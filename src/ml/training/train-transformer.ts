import { type Random, seeded } from "../../events/random.ts";
import { TypedError } from "../../telemetry/typed-error.ts";
import { historyOf, itemCounts } from "../dataset.ts";
import type { Engine } from "../engines/engine.ts";
import type { HostTensor, HostTensors } from "../engines/host-tensor.ts";
import { makeStep } from "../engines/make-step.ts";
import { initialState, type TrainingStep } from "../engines/training-step.ts";
import { evaluate } from "../evaluation/evaluate.ts";
import type { Markov } from "../models/markov.ts";
import { priorLimit } from "../models/transformer/markov-prior.ts";
import { initialWeights } from "../models/transformer/network.ts";
import { Transformer, type TransformerModel } from "../models/transformer/transformer.ts";
import type { TransformerParameters } from "../models/transformer/transformer-parameters.ts";
import type { Split } from "../split.ts";
import {
  type Checkpoint,
  type CurvePoint,
  hashDataset,
  readCheckpoint,
  type Task,
  writeCheckpoint,
} from "./checkpoint.ts";
import { Pace } from "./pace.ts";
import { packHistories, type Row } from "./pack-histories.ts";
import { type BatchForm, batchMaker, windowLength } from "./training-batch.ts";
import { learningRate, negativesFor, type TrainingParameters } from "./training-parameters.ts";
import { transformerStep } from "./transformer-step.ts";

/** How far a training is. */
export type TrainingProgress = {
  epoch: number;
  epochs: number;
  /** Of the epoch so far. */
  loss: number;
  /** Places of histories a second. */
  tokensPerSecond: number;
  secondsLeft: number;
  /** NDCG@10 of the best look at the validation items so far. */
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
  /** What to begin with instead of random weights. */
  warmStart?: HostTensors | undefined;
  /** Which users an epoch learns from; all of them without it. */
  choose?: ((random: Random) => (user: number) => boolean) | undefined;
  /** Where checkpoints go; none are written without it. */
  checkpoint?: string | undefined;
  /** Whether to go on from that checkpoint where there is one. */
  resume?: boolean | undefined;
  onProgress?: ((progress: TrainingProgress) => void) | undefined;
  /** Told what is done otherwise than asked: no compiled step, no checkpoint. */
  onNotice?: ((say: string) => void) | undefined;
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
 * Trains on `split.train` until the validation cases get no better, and keeps the weights of the best look.
 * @throws TypedError LOSS_NOT_A_NUMBER, ENGINE_FAILED, CHECKPOINT_OF_ANOTHER, MODEL_CORRUPT, DATASET_TOO_SMALL
 */
export async function trainTransformer(
  split: Split,
  options: TrainTransformerOptions,
): Promise<TrainedTransformer> {
  const { training, checkpoint, resume, seed, onNotice = () => {} } = options;
  const parameters = fitting(options.parameters, training, split.train.items.length, onNotice);
  const task: Task = { parameters, training, seed, data: hashDataset(split.train) };
  const found = checkpoint && resume ? await readCheckpoint(checkpoint, task) : undefined;
  const running = new Training(split, options, task, found);
  try {
    while (!running.finished) await running.epoch();
  } finally {
    running.dispose();
  }
  return running.result();
}

/** A training under way: what a checkpoint holds, and what acts on it. */
class Training {
  readonly #split: Split;
  readonly #options: TrainTransformerOptions;
  readonly #task: Task;
  readonly #markov: Markov | undefined;
  /** Of each user's window. */
  readonly #lengths: Uint32Array;
  readonly #form: BatchForm;
  readonly #makeBatch: ReturnType<typeof batchMaker>;
  readonly #step: TrainingStep;
  readonly #pace = new Pace();
  readonly #began: number;
  #place: Checkpoint["place"];
  #best: HostTensors | undefined;

  constructor(split: Split, options: TrainTransformerOptions, task: Task, found: Checkpoint | undefined) {
    const { train } = split;
    const { engine, training, content, seed, warmStart, onNotice } = options;
    const { parameters } = task;
    this.#split = split;
    this.#options = options;
    this.#task = task;
    this.#markov = parameters.markovPrior ? options.markov : undefined;
    this.#lengths = Uint32Array.from(train.users, (_, user) =>
      windowLength(historyOf(train, user), parameters.context),
    );
    this.#form = batchForm(this.#lengths, train.items.length, this.#markov, training);
    this.#makeBatch = batchMaker(train, this.#form, parameters.context, this.#markov);
    // What an older model lacks, content or a prior, begins anew.
    const weights = { ...initialWeights(train.items.length, parameters, seeded(seed)), ...warmStart };
    const state = found?.state ?? initialState(weights);
    const definition = { state, parameters, training, form: this.#form, content, markov: this.#markov };
    this.#step = makeStep(engine, transformerStep(definition), onNotice);
    this.#place = found?.place ?? firstPlace;
    this.#best = found?.best;
    this.#began = performance.now() - 1000 * this.#place.seconds;
  }

  get finished(): boolean {
    const { epochs, patience } = this.#task.training;
    return this.#place.epoch >= epochs || this.#place.looksSinceBest >= patience;
  }

  /** Does what is left of the epoch at hand, and looks at the validation items when it is time. */
  async epoch(): Promise<void> {
    const { training, seed } = this.#task;
    const { epoch } = this.#place;
    // Each epoch draws from a seed of its own, so that one can be taken up in its middle.
    const rows = this.#pack(seeded(seed * 100_003 + epoch));
    const batches = Math.ceil(rows.length / this.#form.rows);
    while (this.#place.batches < batches) {
      await this.#saveIfStopped();
      const start = this.#place.batches * this.#form.rows;
      await this.#batch(rows.slice(start, start + this.#form.rows), batches);
    }
    const point: CurvePoint = { epoch: epoch + 1, loss: this.#place.lossSum / batches };
    this.#place = { ...this.#place, epoch: epoch + 1, batches: 0, lossSum: 0 };
    const due = epoch + 1 === training.epochs || (epoch + 1) % training.evaluateEvery === 0;
    await this.#pace.outside(async () => {
      await this.#enter(point, due);
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

  #pack(random: Random): Row[] {
    const chosen = this.#options.choose?.(random);
    const lengths = chosen ? this.#lengths.map((length, user) => (chosen(user) ? length : 0)) : this.#lengths;
    return packHistories(lengths, this.#form.width, random);
  }

  async #batch(rows: readonly Row[], batches: number): Promise<void> {
    const { training, seed } = this.#task;
    const { epoch, steps, curve } = this.#place;
    const { inputs, tokens } = this.#makeBatch(rows, seeded(seed * 100_019 + steps));
    const rate = learningRate(steps, training.epochs * batches, training);
    // TensorFlow takes a seed of 32 bits.
    const loss = await this.#step.run(inputs, rate, (seed * 1_000_003 + steps) % 2 ** 31);
    if (!Number.isFinite(loss)) throw notANumber(epoch, rate);
    this.#pace.step(tokens);
    const done = this.#place.batches + 1;
    const lossSum = this.#place.lossSum + loss;
    this.#place = { ...this.#place, steps: steps + 1, batches: done, lossSum };
    this.#options.onProgress?.({
      epoch: epoch + 1,
      epochs: training.epochs,
      loss: lossSum / done,
      tokensPerSecond: this.#pace.tokensPerSecond,
      secondsLeft: this.#pace.secondsFor((training.epochs - epoch) * batches - done),
      bestNdcg: bestOf(curve)?.ndcg,
    });
  }

  /** Adds an epoch to the curve, with a look at the validation items when one is due. */
  async #enter(point: CurvePoint, due: boolean): Promise<void> {
    const { curve, looksSinceBest } = this.#place;
    if (!due) {
      this.#place = { ...this.#place, curve: [...curve, point] };
      return;
    }
    const { average } = await this.#step.state();
    const seen = { ...point, ...(await this.#look(average)) };
    const better = seen.ndcg > (bestOf(curve)?.ndcg ?? -1);
    if (better) this.#best = average;
    this.#place = {
      ...this.#place,
      curve: [...curve, seen],
      looksSinceBest: better ? 0 : looksSinceBest + 1,
    };
  }

  async #look(weights: HostTensors): Promise<{ ndcg: number; hitRate: number }> {
    const { engine, training, signal } = this.#options;
    using model = new Transformer(this.#modelOf(weights), engine);
    const cases = this.#split.cases.slice(0, training.validationUsers);
    const { full } = await evaluate(model, { train: this.#split.train, cases }, signal ? { signal } : {});
    return { ndcg: full["NDCG@10"].mean, hitRate: full["HR@10"].mean };
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
      onNotice?.(`${error.message}; training goes on without`);
    }
  }

  #spent = () => (performance.now() - this.#began) / 1000;
}

const firstPlace: Checkpoint["place"] = {
  ...{ steps: 0, epoch: 0, batches: 0, lossSum: 0 },
  ...{ seconds: 0, curve: [], looksSinceBest: 0 },
};

const bestOf = (curve: readonly CurvePoint[]): CurvePoint | undefined =>
  curve
    .filter(({ ndcg }) => ndcg !== undefined)
    .reduce<CurvePoint | undefined>(
      (best, point) => (best && best.ndcg! >= point.ndcg! ? best : point),
      undefined,
    );

/** The parameters as far as this catalogue allows them. */
function fitting(
  parameters: TransformerParameters,
  training: TrainingParameters,
  items: number,
  onNotice: (say: string) => void,
): TransformerParameters {
  if (!parameters.markovPrior) return parameters;
  const without = { ...parameters, markovPrior: false };
  if (items > priorLimit) {
    onNotice(`no Markov prior: its table is made for at most ${priorLimit} items, and there are ${items}`);
    return without;
  }
  if (negativesFor(items, training) > 0) {
    onNotice("no Markov prior: it is learned over the whole catalogue, not among drawn negatives");
    return without;
  }
  return parameters;
}

function batchForm(
  lengths: Uint32Array,
  items: number,
  markov: Markov | undefined,
  training: TrainingParameters,
): BatchForm {
  const width = lengths.reduce((longest, length) => Math.max(longest, length), 0);
  if (width === 0)
    throw new TypedError("DATASET_TOO_SMALL", "no user has two items: there is no order to learn");
  const all = lengths.reduce((sum, length) => sum + length, 0);
  const rows = Math.max(1, Math.round(Math.min(training.tokens, all) / width));
  const negatives = negativesFor(items, training);
  return { rows, width, negatives, memory: markov && negatives === 0 ? markov.parameters.memory : 0 };
}

const notANumber = (epoch: number, rate: number) =>
  new TypedError(
    "LOSS_NOT_A_NUMBER",
    `the loss of epoch ${epoch + 1} is not a number: lower learningRate (it was ${rate.toPrecision(2)}). The active model stays`,
  );
