import type { TakedownStatus } from "@kiln/client/indexed-video";
import { TypedError } from "../../base/typed-error.ts";
import type { Connection } from "../../ic/canisters/connection.ts";
import { takeDownVideo } from "../../ic/publish/take-down-video.ts";
import type { BlobStore } from "../../videos/blob-store.ts";
import type { VideoRecord } from "../../videos/video.ts";
import type { VideoStore } from "../../videos/video-store.ts";
import { reportPostStatus } from "../report-post-status.ts";

/**
 * Bans or deletes a video in any state: first the record, so that no stage begins or completes; then the index, the storage
 * canister, its post, and last its original and products. May be repeated until it succeeds.
 * @throws TypedError as takeDownVideo
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
  status: TakedownStatus,
  why: string,
): Promise<void> {
  const record = await recordOf(store, id);
  if (record !== undefined) await mark(store, id, status, why);
  await takeDownVideo({ ...network, id, attempt: record?.attempt ?? 0, status });
  if (record === undefined) return;
  await reportPostStatus(network.posts)(record, status);
  await blobs.drop(id);
}

/** Where the state does not allow a ban, the record is marked as deleted. */
async function mark(store: VideoStore, id: string, status: TakedownStatus, why: string): Promise<void> {
  const code = status === "BannedForExplicitness" ? "BANNED_FOR_EXPLICITNESS" : "BANNED_DUE_TO_REPORTS";
  if (status !== "Deleted") {
    const banned = await store.apply(id, { type: "banned", reason: { code, message: why } });
    if (banned.outcome === "moved") return;
    if ((await store.get(id)).state === "banned") return;
  }
  await store.apply(id, { type: "deleted" });
}

/** Undefined for a video that was published without the queues: it has no record. */
async function recordOf(store: VideoStore, id: string): Promise<VideoRecord | undefined> {
  return store.get(id).catch((error: unknown) => {
    if (error instanceof TypedError && error.code === "VIDEO_UNKNOWN") return undefined;
    throw error;
  });
}
