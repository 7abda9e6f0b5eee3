import { z } from "zod";
import { type Dataset, historyOf } from "../../dataset.ts";
import { logSoftmaxRows } from "../log-softmax.ts";
import type { Recommender } from "../recommender.ts";

/** What viewers like overall, best first, with the mean probability that a viewer chooses it next. */
export const GlobalRanking = z.array(z.object({ video: z.string().min(1), score: z.number() }));
export type GlobalRanking = z.infer<typeof GlobalRanking>;

/** Beside the model's files, so that everything that serves or pushes a version uses the same order. */
export const globalRankingName = "global.json";

/** A sample that represents all viewers: more change little. */
const audienceSize = 500;
/** Viewers scored in one batch. */
const atOnce = 64;

/** The histories of the viewers who chose something last; without times, of any. */
export function latestHistories(dataset: Dataset, count = audienceSize): Int32Array[] {
  const { offsets, times } = dataset;
  const latest = (user: number) => times?.[offsets[user + 1]! - 1] ?? 0;
  return dataset.users
    .map((_, user) => user)
    .toSorted((one, other) => latest(other) - latest(one) || one - other)
    .slice(0, count)
    .map((user) => historyOf(dataset, user));
}

/**
 * The order in which a model would show its catalogue to an unknown viewer: by the mean over an
 * audience of the probability that each viewer chooses the video next. Ties go by name.
 * @param histories of the audience, oldest first
 * @param items names in the order of the scores
 */
export async function rankForAll(
  model: Recommender,
  items: readonly string[],
  histories: readonly Int32Array[],
): Promise<GlobalRanking> {
  const sums = new Float64Array(model.items);
  for (let start = 0; start < histories.length; start += atOnce) {
    const some = histories.slice(start, start + atOnce);
    const scores = logSoftmaxRows(await model.score(some), model.items);
    for (const [index, score] of scores.entries())
      sums[index % model.items]! += Math.exp(score) / histories.length;
  }
  return items
    .map((video, item) => ({ video, score: sums[item]! }))
    .toSorted((one, other) => other.score - one.score || (one.video < other.video ? -1 : 1));
}
