import { caseMetrics } from "../evaluation/metrics.ts";
import { rankAll } from "../evaluation/rank.ts";
import { Blend, type BlendParts, type BlendWeights, meanLogProbabilities } from "../models/blend.ts";
import { addLifts } from "../models/expert.ts";
import type { Case } from "../split.ts";

/** What is tried. The best of ML-1M's validation items (1e-3, .5) lies in the middle. */
const epsilons = [3e-4, 1e-3, 3e-3];
const markovWeights = [0.15, 0.3, 0.5, 0.7, 1, 2, 4];
/** Scores that are held at once. */
const scoresAtOnce = 1_000_000;

/** Weighs networks against Markov by NDCG@10 on validation cases; with equal ones Markov weighs less. */
export async function fitBlend(
  parts: BlendParts,
  cases: readonly Case[],
  signal?: AbortSignal,
): Promise<{ blend: Blend; ndcg: number }> {
  const { networks, markov } = parts;
  const tried: BlendWeights[] = [
    { markovWeight: 0, markovEpsilon: epsilons[0]! },
    ...markovWeights.flatMap((markovWeight) =>
      epsilons.map((markovEpsilon) => ({ markovWeight, markovEpsilon })),
    ),
  ];
  const sums = new Float64Array(tried.length);
  const batch = Math.max(1, Math.floor(scoresAtOnce / markov.items));
  for (let start = 0; start < cases.length; start += batch) {
    signal?.throwIfAborted();
    const some = cases.slice(start, start + batch);
    const histories = some.map(({ history }) => history);
    const base = await meanLogProbabilities(networks, histories);
    for (const [index, { markovWeight, markovEpsilon }] of tried.entries()) {
      const scores = base.slice();
      addLifts(markov, histories, scores, { weight: markovWeight, epsilon: markovEpsilon });
      for (const [row, { history, target }] of some.entries()) {
        const own = scores.subarray(row * markov.items, (row + 1) * markov.items);
        sums[index]! += caseMetrics["NDCG@10"](rankAll(own, history, target).rank);
      }
    }
  }
  const best = sums.indexOf(Math.max(...sums));
  return { blend: new Blend(parts, tried[best]!), ndcg: sums[best]! / cases.length };
}
