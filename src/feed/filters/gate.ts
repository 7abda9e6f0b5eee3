import type { Candidate, Eligible } from "../candidate.ts";
import type { Viewer } from "../state/viewer.ts";
import type { VideoFacts, Visibility } from "./visibility.ts";

/** Disliked videos whose authors count, newest first. */
const maxAuthors = 50;

/**
 * The one way into a feed. Nothing passes that is hidden, that this viewer disliked or reported, or whose author the
 * viewer reported; nor what the viewer has seen, unless seen videos are wanted.
 */
export type Gate = {
  /** The candidates that pass, in their order. */
  pass(candidates: readonly Candidate[], wanted?: "unseen" | "seen"): Promise<Eligible[]>;
  /** Whether the viewer disliked something else by this author: allowed, but after everything else. */
  isUnwelcome(author: string | undefined): boolean;
};

export async function openGate(viewer: Viewer, visibility: Visibility): Promise<Gate> {
  const disliked = [...viewer.disliked].slice(-maxAuthors);
  const facts = disliked.length > 0 ? await visibility(disliked) : new Map<string, VideoFacts>();
  const authors = (videos: readonly string[]) =>
    new Set(videos.flatMap((video) => facts.get(video)?.author ?? []));
  const unwelcome = authors(disliked);
  const blocked = authors(disliked.filter((video) => viewer.reported.has(video)));
  return {
    async pass(candidates, wanted = "unseen") {
      const allowed = candidates.filter(
        ({ video }) => !viewer.disliked.has(video) && viewer.seen.has(video) === (wanted === "seen"),
      );
      const found = await visibility(allowed.map(({ video }) => video));
      return allowed.flatMap((candidate) => {
        const { visible = false, author } = found.get(candidate.video) ?? {};
        if (!visible || (author !== undefined && blocked.has(author))) return [];
        return [{ ...candidate, ...(author === undefined ? {} : { author }) } as Eligible];
      });
    },
    isUnwelcome: (author) => author !== undefined && unwelcome.has(author),
  };
}
