import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { TypedError } from "../../base/typed-error.ts";
import { readLake } from "../../events/lake/lake.ts";
import { collectDataset, type Dataset } from "../dataset.ts";
import { contentMatrix, readContent } from "../datasets/content-file.ts";
import { lakeInteractions, readInteractions } from "../datasets/interactions.ts";
import type { Engine } from "../engines/engine.ts";
import { openEngine } from "../engines/open-engine.ts";
import { compareOrders } from "../evaluation/compare-orders.ts";
import { type Evaluation, evaluate, leadOf } from "../evaluation/evaluate.ts";
import { fitMarkov } from "../models/markov.ts";
import { fitPopularity } from "../models/popularity.ts";
import { Ranker, type RankerModel, removeRanker, writeRanker } from "../models/ranker/ranker.ts";
import type { Recommender } from "../models/recommender.ts";
import { renumbered } from "../models/renumbered.ts";
import { globalRankingName, latestHistories, rankForAll } from "../models/stored/global-ranking.ts";
import { loadRecommender } from "../models/stored/load-recommender.ts";
import { writeModel } from "../models/stored/model-folder.ts";
import { leaveLastOut, type Split, timeSplit } from "../split.ts";
import { hashDataset, removeCheckpoints } from "./networks/checkpoint.ts";
import { reportPage } from "./report/report-page.ts";
import { reportPicture } from "./report/report-picture.ts";
import { reportFiles, type TrainingReport } from "./report/training-report.ts";
import { trainRanker } from "./train-ranker.ts";
import { type TrainRecommenderOptions, trainRecommender } from "./train-recommender.ts";
import type { NetworkProgress, TrainingTask } from "./training-task.ts";
import { warmStart } from "./warm-start.ts";

export type TrainModelOptions = {
  onProgress?: (progress: NetworkProgress) => void;
  onNotice?: (message: string) => void;
  signal?: AbortSignal;
};

/**
 * Runs a whole training: reads the data, holds some out, trains, evaluates beside Pop and Markov, and writes the model
 * and its report into `task.out`.
 * @throws TypedError as the parts do
 */
export async function trainModel(
  task: TrainingTask,
  { onProgress, onNotice, signal }: TrainModelOptions = {},
): Promise<TrainingReport> {
  const notices: string[] = [];
  const notice = (message: string) => {
    notices.push(message);
    onNotice?.(message);
  };
  if (task.ranker && task.source.kind !== "lake")
    throw new TypedError(
      "RANKER_NEEDS_LAKE",
      "the ranker learns from the impressions of the lake: leave out --interactions",
    );
  const dataset = await load(task, notice);
  const { split, kind } = hold(dataset, task, notice);
  let engine: Engine | undefined;
  const content = task.content ? await readContent(task.content) : undefined;
  const open = async () => {
    engine ??= await openEngine(task.engine, {
      tensorflow: task.tensorflow,
      onSkipped: ({ name, reason }) => notice(`engine ${name} skipped: ${reason}`),
    });
    return engine;
  };
  const options: TrainRecommenderOptions = {
    ...{ kind: task.model, parameters: task.parameters, seed: task.seed, resume: task.resume },
    engine: open,
    content: content && contentMatrix(content, dataset.items),
    warmStart: task.from ? await warmStart(task.from, split.train, sinceOf(split), task.replay) : undefined,
    checkpoints: task.out,
    onProgress: ({ bestNdcg, ...progress }) =>
      onProgress?.({ ...progress, ...(bestNdcg === undefined ? {} : { bestNdcg }) }),
    onNotice: notice,
    signal,
  };
  const { recommender, stored, networks } = await trainRecommender(split.train, options);
  const evaluations: Evaluation[] = [];
  const compared = [
    recommender,
    fitMarkov(split.train, task.parameters.baselines.markov),
    fitPopularity(split.train),
  ].slice(task.model === "markov" ? 1 : 0);
  let candidate: Float64Array | undefined;
  const evaluated = async (model: Recommender) => {
    let ranks = new Float64Array(0);
    const onRanks = (own: Float64Array) => {
      ranks = Float64Array.from(own);
    };
    const evaluation = await evaluate(model, split, {
      seed: task.seed,
      onRanks,
      ...(signal ? { signal } : {}),
    });
    const lead = candidate && leadOf(split, { candidate, other: ranks }, task.seed);
    candidate ??= ranks;
    evaluations.push({ ...evaluation, ...(lead ? { lead } : {}) });
  };
  for (const model of compared) await evaluated(model);
  const ranker = task.ranker
    ? await rankerOf(task, { engine: await open(), model: recommender, train: split.train, signal })
    : undefined;
  if (ranker && !ranker.report.serves)
    notice("the ranker was left out of the model: it does not improve the order of later impressions");
  const uncompared: NonNullable<TrainingReport["uncompared"]> = [];
  for (const { version, folder } of task.against)
    try {
      await evaluated(await servedVersion(version, folder, task, dataset));
    } catch (error) {
      signal?.throwIfAborted();
      notice(`version ${version} was not evaluated: ${(error as Error).message}`);
      uncompared.push({ version, reason: (error as Error).message });
    }
  const report: TrainingReport = {
    model: task.model,
    trainedAt: new Date().toISOString(),
    seed: task.seed,
    engine: engine?.name ?? "none",
    device: engine?.device ?? "no network, no engine",
    data: describeData(dataset, split, kind),
    networks: networks.map(({ mode, steps, seconds, best, curve }, index) => ({
      ...{ seed: task.seed + 1000 * index, mode, steps, seconds, best, curve },
    })),
    notices,
    ...(ranker ? { ranker: ranker.report } : {}),
    ...(uncompared.length > 0 ? { uncompared } : {}),
    evaluations,
  };
  await written(task.out, async () => {
    await removeRanker(task.out);
    if (ranker?.report.serves) await writeRanker(task.out, ranker.model);
    await writeModel(task.out, { ...stored, items: dataset.items });
    const audience = latestHistories(dataset);
    const ranking = await rankForAll(recommender, dataset.items, audience);
    await writeFile(join(task.out, globalRankingName), JSON.stringify(ranking));
    await writeReport(task.out, report);
    // No longer needed, and larger than the model.
    await removeCheckpoints(task.out);
  });
  return report;
}

/**
 * Writes the model and its report.
 * @throws TypedError MODEL_NOT_WRITTEN when the disk is full, or the folder cannot be written
 */
async function written(folder: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    if (!/^E[A-Z]+$/.test((cause as NodeJS.ErrnoException).code ?? "")) throw cause;
    throw new TypedError(
      "MODEL_NOT_WRITTEN",
      `the model could not be written to ${folder} (${(cause as Error).message}): make room and train again. The active model is unchanged`,
      { cause },
    );
  }
}

/** A version that has served, under its version's name and with the numbers of this dataset. */
async function servedVersion(
  version: string,
  folder: string,
  { engine, tensorflow }: TrainingTask,
  { items }: Dataset,
): Promise<Recommender> {
  const loaded = await loadRecommender(folder, { engine, tensorflow });
  return { ...renumbered(loaded.recommender, loaded.items, items), name: version };
}

async function load({ source }: TrainingTask, notice: (message: string) => void): Promise<Dataset> {
  return await collectDataset(
    source.kind === "file"
      ? readInteractions(source.path, source.format, notice)
      : lakeInteractions(source.lake),
  );
}

async function rankerOf(
  { source, parameters, seed }: TrainingTask,
  {
    engine,
    model,
    train,
    signal,
  }: { engine: Engine; model: Recommender; train: Dataset; signal: AbortSignal | undefined },
): Promise<{ model: RankerModel; report: NonNullable<TrainingReport["ranker"]> }> {
  const events = () => readLake(source.kind === "lake" ? source.lake : "");
  const trained = await trainRanker(events, {
    ...{ engine, seed, parameters: parameters.ranker },
    ...(signal ? { signal } : {}),
  });
  using ranker = new Ranker(trained.model, engine);
  const orders = await compareOrders({ model, ranker }, train, trained.later);
  const serves = orders !== undefined && orders.ranked > orders.unranked;
  return {
    model: trained.model,
    report: { ...trained.examples, metrics: trained.metrics, ...(orders ? { orders } : {}), serves },
  };
}

function hold(
  dataset: Dataset,
  { split, cut }: TrainingTask,
  notice: (message: string) => void,
): { split: Split; kind: TrainingTask["split"] } {
  if (split === "time") {
    try {
      const held = timeSplit(dataset, cut);
      if (held.cases.length > 0) return { split: held, kind: "time" };
      notice("there is nothing after the cut: each user's last item is held out instead");
    } catch (error) {
      if (!(error instanceof TypedError)) throw error;
      notice(`${error.message}: each user's last item is held out instead`);
    }
  }
  return { split: leaveLastOut(dataset, "test", "train and validation"), kind: "leave-last-out" };
}

/** When the last tenth of the training data begins: what a warm start treats as new. */
function sinceOf({ train }: Split): number {
  const times = train.times?.toSorted();
  return times?.[Math.floor(0.9 * times.length)] ?? 0;
}

function describeData(dataset: Dataset, { train, cases }: Split, split: TrainingTask["split"]) {
  const times = train.times;
  return {
    users: dataset.users.length,
    items: dataset.items.length,
    interactions: dataset.sequence.length,
    training: train.sequence.length,
    cases: cases.length,
    split,
    sha256: hashDataset(train),
    ...(times
      ? {
          from: times.reduce((one, other) => Math.min(one, other)),
          until: times.reduce((one, other) => Math.max(one, other)),
        }
      : {}),
  };
}

async function writeReport(folder: string, report: TrainingReport): Promise<void> {
  await writeFile(join(folder, reportFiles.metrics), `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(join(folder, reportFiles.page), reportPage(report));
  await writeFile(join(folder, reportFiles.picture), await reportPicture(report));
}
