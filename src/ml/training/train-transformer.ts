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
import { type CurvePoint, hashDataset, readCheckpoint, type Task, writeCheckpoint } from "./checkpoint.ts";
import { packHistories } from "./pack-histories.ts";
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
  const { train } = split;
  const { engine, training, seed, signal, onProgress, onNotice = () => {} } = options;
  const parameters = fitting(options.parameters, train.items.length, onNotice);
  const markov = parameters.markovPrior ? options.markov : undefined;
  const lengths = Uint32Array.from(train.users, (_, user) =>
    windowLength(historyOf(train, user), parameters.context),
  );
  const form = batchForm(lengths, train.items.length, markov, training);
  const task: Task = { parameters, training, seed, data: hashDataset(train) };
  const found =
    options.checkpoint && options.resume ? await readCheckpoint(options.checkpoint, task) : undefined;
  // What an older model lacks, content or a prior, begins anew.
  const weights = { ...initialWeights(train.items.length, parameters, seeded(seed)), ...options.warmStart };
  const definition = transformerStep({
    state: found?.state ?? initialState(weights),
    ...{ parameters, training, form, content: options.content, markov },
  });
  const step = makeStep(engine, definition, onNotice);
  const makeBatch = batchMaker(train, form, parameters.context, markov);
  const curve = found?.place.curve ?? [];
  let best = found?.best;
  let looksSinceBest = found?.place.looksSinceBest ?? 0;
  const started = performance.now();
  let [tokens, steps, checkedMs] = [0, found?.place.steps ?? 0, 0];

  const save = async (epoch: number, batches: number, lossSum: number) => {
    if (options.checkpoint === undefined) return;
    const place = { steps, epoch, batches, lossSum, curve, looksSinceBest };
    try {
      await writeCheckpoint(options.checkpoint, { task, place, state: await step.state(), best });
    } catch (error) {
      if (!(error instanceof TypedError && error.code === "CHECKPOINT_FAILED")) throw error;
      onNotice(`${error.message}; training goes on without`);
    }
  };

  try {
    for (let epoch = found?.place.epoch ?? 0; epoch < training.epochs; epoch++) {
      // Each epoch draws from a seed of its own, so that one can be taken up in its middle.
      const random = seeded(seed * 100_003 + epoch);
      const chosen = options.choose?.(random);
      const rows = packHistories(
        chosen ? lengths.map((length, user) => (chosen(user) ? length : 0)) : lengths,
        form.width,
        random,
      );
      const batches = Math.ceil(rows.length / form.rows);
      const resumed = epoch === found?.place.epoch ? found.place : undefined;
      let lossSum = resumed?.lossSum ?? 0;
      for (let batch = resumed?.batches ?? 0; batch < batches; batch++) {
        if (signal?.aborted) {
          await save(epoch, batch, lossSum);
          signal.throwIfAborted();
        }
        const some = rows.slice(batch * form.rows, (batch + 1) * form.rows);
        const made = makeBatch(some, seeded(seed * 100_019 + steps));
        const rate = learningRate(steps, training.epochs * batches, training);
        const loss = await step.run(made.inputs, rate, seed * 1_000_003 + steps);
        if (!Number.isFinite(loss)) throw notANumber(epoch, rate);
        lossSum += loss;
        tokens += made.tokens;
        steps++;
        const seconds = (performance.now() - started - checkedMs) / 1000;
        const left = (training.epochs - epoch) * batches - batch - 1;
        onProgress?.({
          epoch: epoch + 1,
          epochs: training.epochs,
          loss: lossSum / (batch + 1),
          tokensPerSecond: tokens / seconds,
          secondsLeft: (left * seconds) / (steps - (found?.place.steps ?? 0)),
          bestNdcg: bestOf(curve)?.ndcg,
        });
      }
      const point: CurvePoint = { epoch: epoch + 1, loss: lossSum / batches };
      curve.push(point);
      const last = epoch + 1 === training.epochs;
      if (last || (epoch + 1) % training.evaluateEvery === 0) {
        const before = performance.now();
        const { average } = await step.state();
        Object.assign(point, await look(average));
        const better = bestOf(curve) === point;
        if (better) best = average;
        looksSinceBest = better ? 0 : looksSinceBest + 1;
        checkedMs += performance.now() - before;
      }
      await save(epoch + 1, 0, 0);
      if (looksSinceBest >= training.patience) break;
    }
  } finally {
    step.dispose();
  }
  const { epoch, ndcg } = bestOf(curve)!;
  const seconds = (performance.now() - started) / 1000;
  return {
    ...{ model: modelOf(best!), curve, best: { epoch, ndcg: ndcg! } },
    ...{ steps, seconds, mode: step.mode },
  };

  function modelOf(learned: HostTensors): TransformerModel {
    const popularity = Float32Array.from(itemCounts(train), (count) => Math.log1p(count));
    return {
      parameters,
      weights: learned,
      popularity: { shape: [popularity.length], values: popularity },
      ...(options.content && parameters.contentDimension > 0 ? { content: options.content } : {}),
      ...(markov ? { markov } : {}),
    };
  }

  async function look(learned: HostTensors): Promise<Pick<CurvePoint, "ndcg" | "hitRate">> {
    using model = new Transformer(modelOf(learned), engine);
    const cases = split.cases.slice(0, training.validationUsers);
    const { full } = await evaluate(model, { train, cases }, signal ? { signal } : {});
    return { ndcg: full["NDCG@10"].mean, hitRate: full["HR@10"].mean };
  }
}

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
  items: number,
  onNotice: (say: string) => void,
): TransformerParameters {
  if (!parameters.markovPrior || items <= priorLimit) return parameters;
  onNotice(`no Markov prior: its table is made for at most ${priorLimit} items, and there are ${items}`);
  return { ...parameters, markovPrior: false };
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
