import type { IndexClient } from "../../ic/canisters/index-client.ts";

/** The last `max` videos that were published and may be seen, newest first. */
export async function newestVideos(index: Pick<IndexClient, "newest">, max: number): Promise<string[]> {
  const videos: string[] = [];
  for await (const { id, moderation } of index.newest({ pageSize: 100 })) {
    if (moderation !== "unsafe") videos.push(id);
    if (videos.length >= max) break;
  }
  return videos;
}
