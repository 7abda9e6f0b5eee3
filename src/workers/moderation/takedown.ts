import type { Withdrawal } from "@kiln/client/indexed-video";
import { TypedError } from "../../base/typed-error.ts";
import type { Connection } from "../../ic/canisters/connection.ts";
import { takedownVideo } from "../../ic/publish/takedown-video.ts";
import type { BlobStore } from "../../videos/blob-store.ts";
import type { VideoRecord } from "../../videos/video.ts";
import type { VideoStore } from "../../videos/video-store.ts";
import { reportPostStatus } from "../report-post-status.ts";

/**
 * Bans or deletes a video wherever it is on its way: the record, so that no stage begins or ends any more; the index,
 * the storage canister, the post that it belongs to, and last its original and products. May be repeated until it succeeds.
 * @throws TypedError as withdrawVideo
 */
export async function takedown(
  {
    store,
    blobs,
    network,
  }: {
    store: VideoStore;
    blobs: BlobStore;
    network: Pick<Connection, "index" | "buckets"> & { posts?: Connection["posts"] };
  },
  id: string,
  status: Withdrawal,
  why: string,
): Promise<void> {
  const record = await known(store, id);
  if (record !== undefined) await mark(store, id, status, why);
  await takedownVideo({ ...network, id, attempt: record?.attempt ?? 0, status });
  if (record === undefined) return;
  await reportPostStatus(network.posts)(record, status);
  await blobs.drop(id);
}

/** A state out of which nothing can be banned is left by deletion. */
async function mark(store: VideoStore, id: string, status: Withdrawal, why: string): Promise<void> {
  const code = status === "BannedForExplicitness" ? "BANNED_FOR_EXPLICITNESS" : "BANNED_DUE_TO_REPORTS";
  if (status !== "Deleted") {
    const banned = await store.apply(id, { type: "banned", reason: { code, message: why } });
    if (banned.outcome === "moved") return;
    if ((await store.get(id)).state === "banned") return;
  }
  await store.apply(id, { type: "deleted" });
}

/** A video that was published without the queues has no record. */
async function known(store: VideoStore, id: string): Promise<VideoRecord | undefined> {
  return store.get(id).catch((error: unknown) => {
    if (error instanceof TypedError && error.code === "VIDEO_UNKNOWN") return undefined;
    throw error;
  });
}
