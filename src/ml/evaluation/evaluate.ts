import { seeded } from "../../base/random.ts";
import { TypedError } from "../../base/typed-error.ts";
import { itemCounts } from "../dataset.ts";
import type { Recommender } from "../models/recommender.ts";
import type { Case, Split } from "../split.ts";
import { bootstrapMean, type Interval } from "./bootstrap.ts";
import { type Calibration, CalibrationTally } from "./calibration.ts";
import { type CaseMetric, caseMetricNames, caseMetrics, type ListMetrics, listMetrics } from "./metrics.ts";
import { rankAll, rankAmong } from "./rank.ts";
import { segmentsOf } from "./segments.ts";

export type Means = Record<CaseMetric, number>;

export type Evaluation = {
  model: string;
  cases: number;
  /** Over the whole catalogue but the history, with 95 % intervals. */
  full: Record<CaseMetric, Interval>;
  lists: ListMetrics;
  /** Absent for models whose scores are no probabilities. */
  calibration?: Calibration;
  /** The candidate's NDCG@10 less this model's, paired over the same cases; absent for the candidate. */
  lead?: Interval;
  /** Segments that no case belongs to are left out. */
  segments: { name: string; cases: number; full: Means }[];
  /** Against 100 random items: biased, comparable with papers that do the same and with nothing else. */
  sampled100?: Means;
};

export type EvaluationOptions = {
  /** Of the intervals and the sampled items. */
  seed?: number;
  /** Whether to rank against 100 sampled items as well. */
  sampled?: boolean;
  /** Whether to compare probabilities with what happened, where the model gives some; it does by default. */
  calibrated?: boolean;
  /** Receives the rank of every case's target. */
  onRanks?: (ranks: Float64Array) => void;
  signal?: AbortSignal;
};

/** Scores held in memory at a time. */
const scoresAtOnce = 2_000_000;
const sampledItems = 100;

/**
 * Evaluates a model on every case of a split.
 * @throws TypedError MODEL_SCORES_INVALID when a score is not a number
 */
export async function evaluate(
  model: Recommender,
  split: Split,
  { seed = 1, sampled = false, calibrated = true, onRanks, signal }: EvaluationOptions = {},
): Promise<Evaluation> {
  const { train, cases } = split;
  const random = seeded(seed);
  const ranks = new Float64Array(cases.length);
  const sampledRanks = new Float64Array(sampled ? cases.length : 0);
  const exposures = new Uint32Array(train.items.length);
  const calibration = calibrated && model.scale ? new CalibrationTally(model.scale) : undefined;
  const batch = Math.max(1, Math.floor(scoresAtOnce / model.items));
  for (let start = 0; start < cases.length; start += batch) {
    signal?.throwIfAborted();
    const some = cases.slice(start, start + batch);
    const scores = await model.score(some.map(({ history }) => history));
    for (const [index, { history, target }] of some.entries()) {
      const row = scores.subarray(index * model.items, (index + 1) * model.items);
      if (row.some(Number.isNaN)) throw invalidScores(model);
      const { rank, list } = rankAll(row, history, target);
      ranks[start + index] = rank;
      for (const item of list) exposures[item]!++;
      calibration?.add(row, list, target);
      if (sampled) sampledRanks[start + index] = rankAmong(row, target, draw(history, target));
    }
  }
  onRanks?.(ranks);
  const users = Int32Array.from(cases, ({ user }) => user);
  return {
    model: model.name,
    cases: cases.length,
    full: byMetric((name) => bootstrapMean(ranks.map(caseMetrics[name]), users, { random: seeded(seed) })),
    lists: listMetrics(exposures, itemCounts(train), train.users.length),
    ...(calibration && cases.length > 0 ? { calibration: calibration.result() } : {}),
    segments: bySegment(split, ranks),
    ...(sampled ? { sampled100: meansOf(sampledRanks) } : {}),
  };

  /** Different items that are neither the target nor in the history; all of them where there are no 100. */
  function draw(history: Int32Array, target: number): Set<number> {
    const excluded = new Set(history).add(target);
    const wanted = Math.min(sampledItems, train.items.length - excluded.size);
    const drawn = new Set<number>();
    while (drawn.size < wanted) {
      const item = random.integer(train.items.length);
      if (!excluded.has(item)) drawn.add(item);
    }
    return drawn;
  }
}

/**
 * NDCG@10 of one model less that of another, paired over the same cases, with a 95 % interval over users: far narrower
 * than the difference of two intervals.
 */
export function leadOf(
  { cases }: Split,
  { candidate, other }: { candidate: Float64Array; other: Float64Array },
  seed: number,
): Interval {
  const gain = caseMetrics["NDCG@10"];
  const differences = candidate.map((rank, index) => gain(rank) - gain(other[index]!));
  const users = Int32Array.from(cases, ({ user }) => user);
  return bootstrapMean(differences, users, { random: seeded(seed) });
}

function bySegment(split: Split, ranks: Float64Array): Evaluation["segments"] {
  return segmentsOf(split).flatMap(({ name, includes }) => {
    const own = ranks.filter((_, index) => includes(split.cases[index] as Case));
    return own.length === 0 ? [] : [{ name, cases: own.length, full: meansOf(own) }];
  });
}

const meansOf = (ranks: Float64Array): Means =>
  byMetric((name) => ranks.reduce((sum, rank) => sum + caseMetrics[name](rank), 0) / ranks.length);

const byMetric = <Value>(value: (name: CaseMetric) => Value): Record<CaseMetric, Value> =>
  Object.fromEntries(caseMetricNames.map((name) => [name, value(name)])) as Record<CaseMetric, Value>;

const invalidScores = ({ name }: Recommender) =>
  new TypedError(
    "MODEL_SCORES_INVALID",
    `the model ${name} gave a score that is not a number: train it again`,
  );
