import { fuseRanks } from "../../ml/models/ranker/fuse-ranks.ts";
import { objectiveNames, valueOfImpression } from "../../ml/models/ranker/objectives.ts";
import type { Ranker } from "../../ml/models/ranker/ranker.ts";
import type { RankingFeatures } from "../../ml/models/ranker/ranking-features.ts";
import type { Candidate } from "../candidate.ts";

/** The candidates in an order between that of their sources and that of what showing them is worth. */
export async function rerank(
  candidates: readonly Candidate[],
  { ranker, known, user, now }: { ranker: Ranker; known: RankingFeatures; user: string; now: number },
): Promise<Candidate[]> {
  const predicted = await ranker.predict(candidates.map(({ video }) => known.at(user, video, now)));
  const width = objectiveNames.length;
  const values = candidates.map((_, row) =>
    valueOfImpression(predicted.subarray(row * width, (row + 1) * width)),
  );
  return fuseRanks(values).map((place) => candidates[place]!);
}
