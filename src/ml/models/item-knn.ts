import { type Dataset, historyOf, itemCounts } from "../dataset.ts";
import { topItems } from "../top-items.ts";
import type { BaselineParameters } from "./parameters.ts";
import { type Recommender, rowByRow } from "./recommender.ts";

/** The nearest items of each item: neighbour n of item i stands at `i * size + n`; -1 where there are fewer. */
type Neighbours = { size: number; items: Int32Array; similarities: Float32Array };

/**
 * Items that the same users chose: the sum of the cosine similarities to the items of the history, each item
 * keeping its nearest neighbours only. Memory: the neighbours; time: the sum of squared history lengths.
 * @source Deshpande and Karypis, "Item-Based Top-N Recommendation Algorithms", 2004
 */
export function fitItemKnn(train: Dataset, { neighbours: size }: BaselineParameters["itemKnn"]): Recommender {
  const neighbours = nearest(train, size);
  return rowByRow("ItemKNN", train.items.length, (history, row) => {
    for (const item of history)
      for (let at = item * size; at < (item + 1) * size && neighbours.items[at] !== -1; at++)
        row[neighbours.items[at]!]! += neighbours.similarities[at]!;
  });
}

function nearest(train: Dataset, size: number): Neighbours {
  const counts = itemCounts(train);
  const users = usersOf(train, counts);
  const items = new Int32Array(counts.length * size).fill(-1);
  const similarities = new Float32Array(counts.length * size);
  const together = new Float64Array(counts.length);
  for (let item = 0; item < counts.length; item++) {
    together.fill(0);
    for (const user of users[item]!) for (const other of historyOf(train, user)) together[other]!++;
    for (const [other, count] of together.entries())
      together[other] =
        count === 0 || other === item
          ? Number.NEGATIVE_INFINITY
          : count / Math.sqrt(counts[item]! * counts[other]!);
    for (const [rank, other] of topItems(together, size).entries()) {
      items[item * size + rank] = other;
      similarities[item * size + rank] = together[other]!;
    }
  }
  return { size, items, similarities };
}

/** Who chose each item. */
function usersOf(train: Dataset, counts: Uint32Array): Int32Array[] {
  const users = Array.from(counts, (count) => new Int32Array(count));
  const filled = new Uint32Array(counts.length);
  for (let user = 0; user < train.users.length; user++)
    for (const item of historyOf(train, user)) users[item]![filled[item]!++] = user;
  return users;
}
