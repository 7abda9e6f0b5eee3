import type { Random } from "../../base/random.ts";
import type { LoggedImpression } from "../../events/lake/lake-impressions.ts";
import { type Dataset, historyOf } from "../dataset.ts";
import type { Recommender } from "../models/recommender.ts";
import { topItems } from "../top-items.ts";
import { estimateOffPolicy, type LoggedChoice, type OffPolicyEstimate } from "./off-policy.ts";

/** Watching this share of a video counts as a success. */
const longView = 0.5;
/** The evaluated policy draws evenly among this many of the model's best: a single one would rarely match the log. */
const among = 20;
/** Scores held in memory at a time. */
const scoresAtOnce = 2_000_000;

/** An impression after the cut, and what was known of its viewer when it was made. */
export type PolicyQuestion = {
  impression: LoggedImpression;
  user: number;
  /** What the user had chosen. */
  history: Int32Array;
  /** What the feed had shown to the user: no policy shows it again. */
  shown: Int32Array;
};

/**
 * The impressions from the cut on as questions to a policy.
 * @param dataset with times; users who never chose anything have an empty history
 * @param impressions all of them, in the order of time
 */
export async function policyQuestions(
  dataset: Dataset,
  impressions: AsyncIterable<LoggedImpression>,
  cut: number,
): Promise<PolicyQuestion[]> {
  const users = new Map(dataset.users.map((name, user) => [name, user]));
  const items = new Map(dataset.items.map((name, item) => [name, item]));
  const shownTo = new Map<number, number[]>();
  const questions: PolicyQuestion[] = [];
  for await (const impression of impressions) {
    const user = users.get(impression.user) ?? users.size;
    users.set(impression.user, user);
    const shown = shownTo.get(user) ?? [];
    shownTo.set(user, shown);
    if (impression.at >= cut) {
      const history = user < dataset.users.length ? before(dataset, user, impression.at) : new Int32Array(0);
      questions.push({ impression, user, history, shown: Int32Array.from(shown) });
    }
    const item = items.get(impression.video);
    if (item !== undefined) shown.push(item);
  }
  return questions;
}

/** The share of long views that the policy had which logged these impressions. */
export function loggedValue(questions: readonly PolicyQuestion[], random: Random): OffPolicyEstimate {
  const choices = questions.map(({ impression, user }) => ({
    user,
    propensity: impression.propensity,
    target: impression.propensity,
    reward: reward(impression),
  }));
  return estimateOffPolicy(choices, { random });
}

/**
 * The share of long views that a policy would have had in the same places which shows one of the model's 20 best
 * videos that the viewer has not been shown yet, each as likely.
 * @param items the catalogue that the model numbers
 */
export async function policyValue(
  model: Recommender,
  items: readonly string[],
  questions: readonly PolicyQuestion[],
  random: Random,
): Promise<OffPolicyEstimate> {
  const numbers = new Map(items.map((name, item) => [name, item]));
  const choices: LoggedChoice[] = [];
  const batch = Math.max(1, Math.floor(scoresAtOnce / model.items));
  for (let start = 0; start < questions.length; start += batch) {
    const some = questions.slice(start, start + batch);
    const scores = await model.score(some.map(({ history }) => history));
    for (const [index, { impression, user, shown }] of some.entries()) {
      const row = scores.subarray(index * model.items, (index + 1) * model.items);
      for (const item of shown) row[item] = Number.NEGATIVE_INFINITY;
      const best = topItems(row, among);
      const target = best.includes(numbers.get(impression.video) ?? -1) ? 1 / best.length : 0;
      choices.push({ user, propensity: impression.propensity, target, reward: reward(impression) });
    }
  }
  return estimateOffPolicy(choices, { random });
}

const reward = ({ watchedShare }: LoggedImpression) => (watchedShare >= longView ? 1 : 0);

function before(dataset: Dataset, user: number, at: number): Int32Array {
  const history = historyOf(dataset, user);
  const times = dataset.times!.subarray(dataset.offsets[user], dataset.offsets[user + 1]);
  const later = times.findIndex((time) => time >= at);
  return later === -1 ? history : history.subarray(0, later);
}
