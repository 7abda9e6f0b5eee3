import { fuseRanks } from "../../ml/models/ranker/fuse-ranks.ts";
import { objectiveNames, valueOfImpression } from "../../ml/models/ranker/objectives.ts";
import type { Ranker } from "../../ml/models/ranker/ranker.ts";
import type { RankingFeatures } from "../../ml/models/ranker/ranking-features.ts";
import type { Candidate } from "../candidate.ts";

/** The candidates in an order that fuses that of their sources with that of the value of showing them. */
export async function rerank<Kind extends Candidate>(
  candidates: readonly Kind[],
  { ranker, known, user, now }: { ranker: Ranker; known: RankingFeatures; user: string; now: number },
): Promise<Kind[]> {
  const predicted = await ranker.predict(candidates.map(({ video }) => known.at(user, video, now)));
  const width = objectiveNames.length;
  const values = candidates.map((_, row) =>
    valueOfImpression(predicted.subarray(row * width, (row + 1) * width)),
  );
  return fuseRanks(values).map((place) => candidates[place]!);
}
