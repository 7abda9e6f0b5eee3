import { EventEmitter, on } from "node:events";
import type { Redis } from "ioredis";
import { isSettled } from "./video.ts";
import { VideoStore, videoKeys } from "./video-store.ts";
import { VideoUpdate } from "./video-update.ts";

/**
 * Follows videos until each of them is settled. The first update of each is its current state, so that nothing is missed
 * before the subscription; after a lost connection the records are read again.
 * @throws TypedError VIDEO_UNKNOWN; the signal's AbortError when it is stopped
 */
export async function* followVideos(
  redis: Redis,
  ids: readonly string[],
  { signal }: { signal?: AbortSignal } = {},
): AsyncGenerator<VideoUpdate> {
  const open = new Set(ids);
  if (open.size === 0) return;
  const store = new VideoStore(redis);
  const received = new EventEmitter();
  const updates = on(received, "update", signal ? { signal } : {});
  const subscriber = redis.duplicate();
  try {
    // ioredis reconnects by itself; without a listener it would print each failure.
    subscriber.on("error", () => {});
    subscriber.on("message", (_, text) => {
      // Of a state that only a newer version knows there is nothing to report.
      const { data } = VideoUpdate.safeParse(JSON.parse(text));
      if (data !== undefined) received.emit("update", data);
    });
    await subscriber.subscribe(videoKeys.updates);
    const readAll = async () => {
      for (const id of open) received.emit("update", await store.latest(id));
    };
    await readAll();
    // Messages sent while the connection was down are lost: read the records again.
    subscriber.on("ready", () => void readAll().catch((error) => received.emit("error", error)));
    const seen = new Map<string, number>();
    for await (const [update] of updates as AsyncIterable<[VideoUpdate]>) {
      // A record read before a message may arrive after it.
      if (!open.has(update.id) || update.revision < (seen.get(update.id) ?? 0)) continue;
      seen.set(update.id, update.revision);
      yield update;
      if (isSettled(update.state)) open.delete(update.id);
      if (open.size === 0) return;
    }
  } finally {
    subscriber.disconnect();
  }
}
