/** What one case adds to a mean. */
export const caseMetrics = {
  "HR@1": (rank: number) => hit(rank, 1),
  "HR@5": (rank: number) => hit(rank, 5),
  "HR@10": (rank: number) => hit(rank, 10),
  "HR@50": (rank: number) => hit(rank, 50),
  "NDCG@10": (rank: number) => (rank < 10 ? 1 / Math.log2(rank + 2) : 0),
  MRR: (rank: number) => 1 / (rank + 1),
} as const;

export type CaseMetric = keyof typeof caseMetrics;
export const caseMetricNames = Object.keys(caseMetrics) as CaseMetric[];

/** Of the lists that are shown to all users together. */
export type ListMetrics = {
  /** The share of the catalogue that is on at least one list. */
  coverage: number;
  /** How unequally the lists share out the catalogue: 0 every item as often, 1 one item alone. */
  gini: number;
  /** The mean of -log2 of the share of users who chose the listed items in training, in bits. */
  novelty: number;
};

const hit = (rank: number, k: number) => (rank < k ? 1 : 0);

/**
 * @param exposures how many lists each item is on
 * @param chosen how many of the `users` chose each item in training; none counts as half a user
 */
export function listMetrics(exposures: Uint32Array, chosen: Uint32Array, users: number): ListMetrics {
  const shown = exposures.reduce((sum, count) => sum + count, 0);
  const bits = exposures.reduce(
    (sum, count, item) => sum - count * Math.log2(Math.max(0.5, chosen[item]!) / users),
    0,
  );
  return {
    coverage: exposures.reduce((sum, count) => sum + Math.min(1, count), 0) / exposures.length,
    gini: gini(exposures, shown),
    novelty: shown === 0 ? 0 : bits / shown,
  };
}

function gini(counts: Uint32Array, total: number): number {
  if (total === 0 || counts.length < 2) return 0;
  const weighted = counts
    .toSorted()
    .reduce((sum, count, index) => sum + (2 * (index + 1) - counts.length - 1) * count, 0);
  return weighted / ((counts.length - 1) * total);
}
