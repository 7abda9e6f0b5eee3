import type { IndexClient } from "../../ic/canisters/index-client.ts";

/** More fresh videos than a viewer can be shown in a day. */
const most = 200;

/** What was published last and may be seen, newest first; what is unsafe is left out. */
export async function newestVideos(index: Pick<IndexClient, "newest">): Promise<string[]> {
  const videos: string[] = [];
  for await (const { id, moderation } of index.newest({ pageSize: 100 })) {
    if (moderation !== "unsafe") videos.push(id);
    if (videos.length === most) break;
  }
  return videos;
}
