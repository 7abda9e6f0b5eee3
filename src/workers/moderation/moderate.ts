import type { Moderation as IndexModeration } from "@kiln/client/indexed-video";
import type { ModerationPolicy } from "../../analysis/settings.ts";
import { TypedError } from "../../base/typed-error.ts";
import type { Connection } from "../../ic/canisters/connection.ts";
import { takeDownVideo } from "../../ic/publish/take-down-video.ts";
import { ensureJobs } from "../../queues/enqueue-video.ts";
import type { VideoQueues } from "../../queues/video-queues.ts";
import type { Limits, Policy } from "../../transcode/base/settings.ts";
import type { BlobStore } from "../../videos/blob-store.ts";
import type { VideoEvent } from "../../videos/transition.ts";
import { type Decision, isCleared, type VideoRecord } from "../../videos/video.ts";
import type { VideoStore } from "../../videos/video-store.ts";
import { reportPostStatus } from "../report-post-status.ts";
import { judgeOriginal } from "./judge-original.ts";

export type ModerationDependencies = {
  store: VideoStore;
  blobs: BlobStore;
  queues: VideoQueues;
  network: Pick<Connection, "index" | "buckets"> & { posts?: Connection["posts"] };
};

export type Ban = "BannedForExplicitness" | "BannedDueToUserReporting";

const codes: Record<Ban, string> = {
  BannedForExplicitness: "BANNED_FOR_EXPLICITNESS",
  BannedDueToUserReporting: "BANNED_DUE_TO_REPORTS",
};

/**
 * Bans a video for a moderator: in its record, in the index, then its files (410). The original and the products stay, so
 * that the ban can be lifted. May be repeated until it succeeds.
 * @throws TypedError TOO_EARLY while nothing of it can be public, MODERATION_REFUSED, VIDEO_UNKNOWN, as takeDownVideo
 */
export async function banVideo(
  { store, network }: Pick<ModerationDependencies, "store" | "network">,
  id: string,
  status: Ban,
  decision: Decision,
): Promise<void> {
  const before = await store.get(id);
  if (before.state !== "banned") await applyOrThrow(store, before, banned(status, decision));
  await reportPostStatus(network.posts)(before, status);
  const known = await network.index.get(id);
  if (known === undefined && before.state !== "publishing") return;
  await takeDownVideo({ ...network, id, attempt: before.attempt, status });
}

const banned = (status: Ban, decision: Decision): VideoEvent => ({
  type: "banned",
  reason: { code: codes[status], message: decision.reason },
  decision,
});

/**
 * Clears a video for a moderator. A ban is lifted in the index and in the record, and the workers publish the video again
 * from what is left of it; a public video stays public and is no longer marked unsafe. May be repeated until it succeeds.
 * @throws TypedError UNAUTHORIZED where the identity is not a moderator of the index, TOO_EARLY, MODERATION_REFUSED,
 *   VIDEO_UNKNOWN
 */
export async function clearVideo(
  { store, blobs, queues, network: { index, posts } }: ModerationDependencies,
  id: string,
  decision: Decision,
): Promise<VideoRecord> {
  const before = await store.get(id);
  // The index first: nothing is shown before it is published again, and the publisher would be refused by the ban.
  const entry = before.state === "banned" ? await index.lift(id) : await index.get(id);
  if (entry !== undefined) await index.setModeration(id, "safe");
  // With the number of the attempt that will publish it: only a moderator can take a post out of a ban.
  if (before.state === "banned")
    await reportPostStatus(posts)({ ...before, attempt: before.attempt + 1 }, "CheckingExplicitness");
  if (before.state === "banned")
    await applyOrThrow(store, before, { type: "lifted", decision, from: await resumedFrom(blobs, id) });
  else if (!isCleared(before)) await applyOrThrow(store, before, { type: "judged", decision });
  return await ensureJobs({ store, queues }, id);
}

/** The state from which the workers resume, by what is left of the video. */
async function resumedFrom(blobs: BlobStore, id: string): Promise<"received" | "accepted" | "cleared"> {
  if ((await blobs.products(id)).length > 0) return "cleared";
  return (await blobs.hasOriginal(id)) ? "accepted" : "received";
}

async function applyOrThrow(store: VideoStore, { id, state }: VideoRecord, event: VideoEvent): Promise<void> {
  const { outcome } = await store.apply(id, event);
  if (outcome === "moved") return;
  if (["received", "accepted", "encoding", "encoded"].includes(state))
    throw new TypedError("TOO_EARLY", `video ${id} is ${state}: decide once it has been judged`);
  throw new TypedError("MODERATION_REFUSED", `video ${id} is ${state}: there is nothing to decide`);
}

/** The result for a video that had not been judged before. */
export type LateJudgement = { id: string; verdict: "clear" | "unsafe" | "banned" | "unknown"; why?: string };

/**
 * Judges the videos that were cleared while moderation was off, one after the other: explicit ones are banned, unsafe
 * ones are marked in the index.
 * @throws the signal's reason
 */
export async function* judgePending(
  dependencies: ModerationDependencies,
  options: { moderation: ModerationPolicy; policy: Policy; limits: Limits; signal?: AbortSignal | undefined },
): AsyncGenerator<LateJudgement> {
  const { store, blobs } = dependencies;
  for await (const id of store.ids()) {
    options.signal?.throwIfAborted();
    const record = await store.get(id);
    if (!isPending(record)) continue;
    if (await blobs.hasOriginal(id)) yield await judgeLate(dependencies, record, options);
    else yield { id, verdict: "unknown", why: "its original is gone" };
  }
}

const isPending = (record: VideoRecord): boolean =>
  ["cleared", "publishing", "published"].includes(record.state) &&
  record.moderation === undefined &&
  record.decisions === undefined;

async function judgeLate(
  { store, blobs, network }: ModerationDependencies,
  { id, attempt }: VideoRecord,
  options: Parameters<typeof judgeOriginal>[1],
): Promise<LateJudgement> {
  const { verdict, explicit, banScore } = await judgeOriginal(blobs.originalPath(id), options);
  const moderation = { verdict, explicit };
  if (verdict !== "banned") {
    await store.apply(id, { type: "judged", moderation });
    const mark: IndexModeration = verdict === "clear" ? "safe" : "unsafe";
    const entry = await network.index.get(id);
    // A moderator's decision is kept.
    if (entry?.moderation === "unchecked") await network.index.setModeration(id, mark);
    return { id, verdict };
  }
  const message = `its explicitness is ${explicit}, and ${banScore} is banned`;
  await store.apply(id, { type: "banned", reason: { code: "EXPLICIT", message }, moderation });
  await takeDownVideo({ ...network, id, attempt, status: "BannedForExplicitness" });
  return { id, verdict, why: message };
}
