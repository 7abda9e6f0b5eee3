import { type Dataset, historyOf, itemCounts } from "../dataset.ts";
import { SparseRow } from "../sparse/sparse-row.ts";
import { topItems } from "../top-items.ts";
import type { BaselineParameters } from "./parameters.ts";
import { type Recommender, rowByRow } from "./recommender.ts";

/**
 * Items that the same users chose: an item's score is the sum of its cosine similarities to the items of the history,
 * counting its nearest neighbours only. Memory: the neighbours; time: the sum of squared history lengths.
 * @source Sarwar et al., "Item-Based Collaborative Filtering Recommendation Algorithms", 2001
 */
export function fitItemKnn(train: Dataset, { neighbours }: BaselineParameters["itemKnn"]): Recommender {
  const candidates = candidatesByNeighbour(train, neighbours);
  return rowByRow("ItemKNN", train.items.length, (history, row) => {
    for (const item of history) candidates[item]!.addTo(row, 1);
  });
}

/** For each item the candidates that have it among their nearest, with the similarity. */
function candidatesByNeighbour(train: Dataset, neighbours: number): SparseRow[] {
  const counts = itemCounts(train);
  const users = usersOf(train, counts);
  const candidates = Array.from(counts, () => new SparseRow());
  const similarities = new Float64Array(counts.length);
  for (let item = 0; item < counts.length; item++) {
    similarities.fill(0);
    for (const user of users[item]!) for (const other of historyOf(train, user)) similarities[other]!++;
    for (const [other, together] of similarities.entries())
      similarities[other] =
        together === 0 || other === item
          ? Number.NEGATIVE_INFINITY
          : together / Math.sqrt(counts[item]! * counts[other]!);
    for (const other of topItems(similarities, neighbours))
      candidates[other]!.add(item, similarities[other]!);
  }
  return candidates;
}

/** Who chose each item. */
function usersOf(train: Dataset, counts: Uint32Array): Int32Array[] {
  const users = Array.from(counts, (count) => new Int32Array(count));
  const filled = new Uint32Array(counts.length);
  for (let user = 0; user < train.users.length; user++)
    for (const item of historyOf(train, user)) users[item]![filled[item]!++] = user;
  return users;
}
