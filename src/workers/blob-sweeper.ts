import type { Redis } from "ioredis";
import type { Log } from "../base/log.ts";
import type { BlobStore } from "../videos/blob-store.ts";
import { isSettled, type VideoRecord } from "../videos/video.ts";
import type { VideoStore } from "../videos/video-store.ts";
import { repeat } from "./repeat.ts";

/** Days for which originals and products are kept after the last change of their video; 0: for ever. */
export type Retention = { originals: number; products: number };

const dayMs = 86_400_000;

/** Held for most of an hour by the host that sweeps: one sweep an hour, whatever the number of hosts. */
const lockKey = "kiln:sweep";
const lockMs = 3_300_000;
const everyMs = 600_000;

/**
 * What of a video can go. What failed or was banned keeps all that trying again, or lifting the ban, needs; what was rejected
 * or deleted has lost it already.
 * @param now milliseconds since 1970
 */
export function expired(
  { state, updatedAt }: Pick<VideoRecord, "state" | "updatedAt">,
  { originals, products }: Retention,
  now: number,
): { original: boolean; products: boolean } {
  const isOlder = (days: number) => days > 0 && now - updatedAt > days * dayMs;
  if (!isSettled(state)) return { original: false, products: false };
  const original = isOlder(originals);
  return { original, products: state === "published" ? isOlder(products) : original };
}

/** Removes what has expired. @returns how many videos lost something */
export async function sweepBlobs(
  { store, blobs }: { store: VideoStore; blobs: BlobStore },
  retention: Retention,
  now: number,
): Promise<number> {
  await blobs.check();
  let swept = 0;
  for await (const record of store.records(() => {})) {
    const { id } = record;
    const { original, products } = expired(record, retention, now);
    const dropsOriginal = original && (await blobs.hasOriginal(id));
    const dropsProducts = products && (await blobs.products(id)).length > 0;
    if (dropsOriginal) await blobs.dropOriginal(id);
    if (dropsProducts) await blobs.dropProductsExcept(id, "none");
    if (dropsOriginal || dropsProducts) swept++;
  }
  return swept;
}

/** Sweeps every hour, on one host of the pool. */
export function blobSweeper(options: {
  redis: Redis;
  store: VideoStore;
  blobs: BlobStore;
  retention: Retention;
  log: Log;
}): AsyncDisposable {
  const { redis, retention, log } = options;
  const sweep = async () => {
    try {
      if ((await redis.set(lockKey, process.pid, "PX", lockMs, "NX")) === null) return;
      const videos = await sweepBlobs(options, retention, Date.now());
      if (videos > 0) log.info({ videos }, "removed originals and products that are no longer kept");
    } catch (err) {
      log.warn({ err }, "originals and products could not be swept");
    }
  };
  return repeat(sweep, everyMs);
}
