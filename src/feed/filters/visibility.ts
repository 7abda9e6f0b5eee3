import type { IndexClient } from "../../ic/canisters/index-client.ts";

/** Whether videos may be shown. Visibility is no score: what is hidden is not shown at any price. */
export type Visibility = (videos: readonly string[]) => Promise<Set<string>>;

/** A ban must stop feeds soon; asking at every view would ask a thousand times as often. */
const rememberedMs = 30_000;
/** More are dropped, oldest first. */
const most = 100_000;

/** What the content index says: ready to view, and not known to be unsafe. It is asked twice a minute at most. */
export function indexVisibility(index: Pick<IndexClient, "get">, now: () => number = Date.now): Visibility {
  const known = new Map<string, { visible: boolean; until: number }>();
  return async (videos) => {
    const visible = await Promise.all(videos.map(look));
    return new Set(videos.filter((_, at) => visible[at]));
  };

  async function look(video: string): Promise<boolean> {
    const remembered = known.get(video);
    if (remembered !== undefined && remembered.until > now()) return remembered.visible;
    const entry = await index.get(video);
    const visible = entry?.status === "ReadyToView" && entry.moderation !== "unsafe";
    known.delete(video);
    known.set(video, { visible, until: now() + rememberedMs });
    if (known.size > most) known.delete(known.keys().next().value!);
    return visible;
  }
}

/** Without a content index everything may be shown. */
export const allVisible: Visibility = async (videos) => new Set(videos);
