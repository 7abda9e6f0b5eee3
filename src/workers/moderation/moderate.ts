import type { Moderation as IndexModeration } from "@kiln/client/indexed-video";
import type { ModerationPolicy } from "../../analysis/settings.ts";
import { TypedError } from "../../base/typed-error.ts";
import type { Connection } from "../../ic/canisters/connection.ts";
import { takedownVideo } from "../../ic/publish/takedown-video.ts";
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
 * A moderator bans a video: its record, the index, then its files (410). Original and products stay, so that the ban
 * can be lifted. May be repeated until it succeeds.
 * @throws TypedError TOO_EARLY while nothing of it can be public, MODERATION_REFUSED, VIDEO_UNKNOWN, as withdrawVideo
 */
export async function banVideo(
  { store, network }: Pick<ModerationDependencies, "store" | "network">,
  id: string,
  status: Ban,
  decision: Decision,
): Promise<void> {
  const before = await store.get(id);
  if (before.state !== "banned") await mustMove(store, before, banned(status, decision));
  await reportPostStatus(network.posts)(before, status);
  const known = await network.index.get(id);
  if (known === undefined && before.state !== "publishing") return;
  await takedownVideo({ ...network, id, attempt: before.attempt, status });
}

const banned = (status: Ban, decision: Decision): VideoEvent => ({
  type: "banned",
  reason: { code: codes[status], message: decision.reason },
  decision,
});

/**
 * A moderator clears a video. A ban is lifted: in the index, in the record, and the workers make it public again from
 * what is left of it; one that is public stays so, and is no longer marked unsafe. May be repeated until it succeeds.
 * @throws TypedError UNAUTHORIZED where the identity is no moderator of the index, TOO_EARLY, MODERATION_REFUSED,
 * VIDEO_UNKNOWN
 */
export async function clearVideo(
  { store, blobs, queues, network: { index, posts } }: ModerationDependencies,
  id: string,
  decision: Decision,
): Promise<VideoRecord> {
  const before = await store.get(id);
  // The index first: nothing shows before it is published again, and a publisher must not find the ban.
  const entry = before.state === "banned" ? await index.lift(id) : await index.get(id);
  if (entry !== undefined) await index.setModeration(id, "safe");
  // As the attempt that publishes it will say again: only a moderator takes a post out of a ban.
  if (before.state === "banned")
    await reportPostStatus(posts)({ ...before, attempt: before.attempt + 1 }, "CheckingExplicitness");
  if (before.state === "banned")
    await mustMove(store, before, { type: "lifted", decision, from: await resumedFrom(blobs, id) });
  else if (!isCleared(before)) await mustMove(store, before, { type: "judged", decision });
  return await ensureJobs({ store, queues }, id);
}

/** The state in which the workers go on with what is left of a video. */
async function resumedFrom(blobs: BlobStore, id: string): Promise<"received" | "accepted" | "cleared"> {
  if ((await blobs.products(id)).length > 0) return "cleared";
  return (await blobs.hasOriginal(id)) ? "accepted" : "received";
}

async function mustMove(store: VideoStore, { id, state }: VideoRecord, event: VideoEvent): Promise<void> {
  const { outcome } = await store.apply(id, event);
  if (outcome === "moved") return;
  if (["received", "accepted", "encoding", "encoded"].includes(state))
    throw new TypedError("TOO_EARLY", `video ${id} is ${state}: decide when it has been judged`);
  throw new TypedError("MODERATION_REFUSED", `video ${id} is ${state}: nothing is left to decide`);
}

/** What became of a video that nobody had judged. */
export type LateJudgement = { id: string; verdict: "clear" | "unsafe" | "banned" | "unknown"; why?: string };

/**
 * Judges the videos that were cleared while moderation was off, one after the other: what is explicit is banned, what is
 * unsafe is marked in the index.
 * @throws the signal's reason
 */
export async function* judgePending(
  tools: ModerationDependencies,
  options: { moderation: ModerationPolicy; policy: Policy; limits: Limits; signal?: AbortSignal | undefined },
): AsyncGenerator<LateJudgement> {
  const { store, blobs } = tools;
  for await (const id of store.ids()) {
    options.signal?.throwIfAborted();
    const record = await store.get(id);
    if (!isPending(record)) continue;
    if (await blobs.hasOriginal(id)) yield await judgeLate(tools, record, options);
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
    const seen: IndexModeration = verdict === "clear" ? "safe" : "unsafe";
    const entry = await network.index.get(id);
    // A moderator's word that stands there already stays.
    if (entry?.moderation === "unchecked") await network.index.setModeration(id, seen);
    return { id, verdict };
  }
  const message = `its explicitness is ${explicit}, and ${banScore} is banned`;
  await store.apply(id, { type: "banned", reason: { code: "EXPLICIT", message }, moderation });
  await takedownVideo({ ...network, id, attempt, status: "BannedForExplicitness" });
  return { id, verdict, why: message };
}
