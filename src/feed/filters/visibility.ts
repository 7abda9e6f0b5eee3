import type { IndexClient } from "../../ic/canisters/index-client.ts";

/** Whether a video may be shown, and whose it is where that is known. */
export type VideoFacts = { visible: boolean; author?: string };

/** Facts of all videos in question. Visibility is not a score: no rank makes up for it. */
export type Visibility = (videos: readonly string[]) => Promise<ReadonlyMap<string, VideoFacts>>;

/** A ban must stop feeds soon; a query for every view would be a thousand times as many. */
const rememberedMs = 30_000;
/** While the index does not answer: as long as other members of the project trust what they last read, times ten. */
const staleMs = 600_000;
const timeoutMs = 2_000;
/** More are dropped, oldest first. */
const maxRemembered = 100_000;

type Remembered = VideoFacts & { at: number };

export type IndexVisibilityOptions = {
  now?: () => number;
  /** The principal that publishes for authors who are not named: as an owner it says nothing about the author. */
  publisher?: string;
  /** Called when the index did not answer: videos are judged by what was last known, and unknown ones are hidden. */
  onFailed?: (error: unknown) => void;
};

/** Visible is what the content index has as ready to view, and not as unsafe. */
export function indexVisibility(
  index: Pick<IndexClient, "get">,
  { now = Date.now, publisher, onFailed }: IndexVisibilityOptions = {},
): Visibility {
  const known = new Map<string, Remembered>();
  return async (videos) =>
    new Map(await Promise.all(videos.map(async (video) => [video, await factsOf(video)] as const)));

  async function factsOf(video: string): Promise<VideoFacts> {
    const remembered = known.get(video);
    if (remembered !== undefined && now() - remembered.at < rememberedMs) return remembered;
    try {
      return remember(video, await index.get(video, { signal: AbortSignal.timeout(timeoutMs) }));
    } catch (error) {
      onFailed?.(error);
      return remembered !== undefined && now() - remembered.at < staleMs ? remembered : { visible: false };
    }
  }

  function remember(video: string, entry: Awaited<ReturnType<IndexClient["get"]>>): VideoFacts {
    const visible = entry?.status === "ReadyToView" && entry.moderation !== "unsafe";
    const author = entry?.owner === publisher ? undefined : entry?.owner;
    const facts = { visible, at: now(), ...(author === undefined ? {} : { author }) };
    known.delete(video);
    known.set(video, facts);
    if (known.size > maxRemembered) known.delete(known.keys().next().value!);
    return facts;
  }
}

/** Without a content index everything may be shown. */
export const allVisible: Visibility = async (videos) =>
  new Map(videos.map((video) => [video, { visible: true }]));
