import type { Candidate, SourceName } from "../candidate.ts";
import type { Viewer } from "../state/viewer.ts";
import type { Proposal } from "./blend.ts";
import type { ServedModel } from "./served-model.ts";

/** Shares of the blend. What a source lacks goes to the others: without history there is no sequence. */
const shares = { sequence: 0.7, global: 0.15, trending: 0.15 } as const;

export type Sources = {
  model: ServedModel | undefined;
  /** Best first. */
  trending: readonly string[];
};

/**
 * What every source proposes to a viewer: unseen videos, best first, `count` of each.
 * New videos have places of their own (selection/fresh-places.ts).
 */
export async function propose(
  { model, trending }: Sources,
  viewer: Viewer,
  count: number,
): Promise<Proposal[]> {
  const version = model === undefined ? {} : { modelVersion: model.version };
  const from = (source: SourceName, videos: readonly string[], facts = {}): Candidate[] =>
    unseen(videos, viewer, count).map((video) => ({ video, source, ...facts }));
  const sequence = (await model?.recommend(viewer.chosen, viewer.seen, count)) ?? [];
  return [
    { share: shares.sequence, candidates: from("sequence", sequence, version) },
    { share: shares.global, candidates: from("global", model?.global ?? [], version) },
    { share: shares.trending, candidates: from("trending", trending) },
  ];
}

function unseen(videos: readonly string[], { seen }: Viewer, count: number): string[] {
  const found: string[] = [];
  for (const video of videos) {
    if (found.length === count) break;
    if (!seen.has(video)) found.push(video);
  }
  return found;
}
