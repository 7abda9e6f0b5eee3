import { z } from "zod";
import { Bytes, Count, Optional, PrincipalText } from "./network/reply.ts";

/** The status of a video, with the names that the canisters use. Only ReadyToView is shown. */
export const statuses = [
  "Draft",
  "Uploaded",
  "Transcoding",
  "CheckingExplicitness",
  "ReadyToView",
  "BannedForExplicitness",
  "BannedDueToUserReporting",
  "Deleted",
] as const;

export type Status = (typeof statuses)[number];

/** The statuses that take a video down: by a moderator or its owner. Publishing again does not undo them. */
export const takedownStatuses = [
  "BannedForExplicitness",
  "BannedDueToUserReporting",
  "Deleted",
] as const satisfies Status[];

export type TakedownStatus = (typeof takedownStatuses)[number];

export function isTakenDown(status: Status): status is TakedownStatus {
  return (takedownStatuses as readonly Status[]).includes(status);
}

/** An entry of the index. Paths are absolute URL paths in the storage canister. */
export type VideoEntry = {
  id: string;
  /** Fencing number: one lower than the entry's is refused, the same one again changes nothing. */
  attempt: number;
  owner: string;
  title: string;
  storage: string;
  player: string;
  hls: string;
  dash: string;
  poster: string;
  manifestSha256: Uint8Array;
  durationMs: number;
  width: number;
  height: number;
  bytes: number;
  renditions: {
    name: string;
    width: number;
    height: number;
    /** Peak bits per second. */
    bandwidth: number;
    codecs: string;
    bytes: number;
  }[];
  status: Status;
};

/** Of a post, as its user canister counts them. Threshold views are those of more than 20 %. */
export type Statistics = {
  views: number;
  thresholdViews: number;
  averageWatchPercentage: number;
  likes: number;
  shares: number;
  hotVotes: number;
  notVotes: number;
};

/** The result of moderation. */
export const moderations = ["unchecked", "safe", "unsafe"] as const;
export type Moderation = (typeof moderations)[number];

/** Times in milliseconds since 1970, by the canister's clock. */
export type IndexedVideo = VideoEntry & {
  createdAt: number;
  updatedAt: number;
  moderation: Moderation;
  /** Reported by the author's canister; `canister` in text form. */
  post: { canister: string; postId: number; statistics: Statistics } | undefined;
  /** Scores in the feeds top and hot-or-not. */
  top: bigint;
  hotOrNot: bigint;
};

/** A Candid variant without a value is an object with its name as the only key. */
const tag = z.record(z.string(), z.null()).transform((variant) => Object.keys(variant)[0]);

const StatisticsReply = z
  .object({
    views: Count,
    threshold_views: Count,
    average_watch_percentage: z.number(),
    likes: Count,
    shares: Count,
    hot_votes: Count,
    not_votes: Count,
  })
  .transform(
    (counted): Statistics => ({
      views: counted.views,
      thresholdViews: counted.threshold_views,
      averageWatchPercentage: counted.average_watch_percentage,
      likes: counted.likes,
      shares: counted.shares,
      hotVotes: counted.hot_votes,
      notVotes: counted.not_votes,
    }),
  );

const PostReply = z
  .object({ canister: PrincipalText, post_id: Count, statistics: StatisticsReply })
  .transform(({ post_id, ...post }) => ({ ...post, postId: post_id }));

/** A video as the content index returns it. */
export const VideoReply = z
  .object({
    video: z.object({
      id: z.string(),
      attempt: Count,
      owner: PrincipalText,
      title: z.string(),
      storage: PrincipalText,
      player: z.string(),
      hls: z.string(),
      dash: z.string(),
      poster: z.string(),
      manifest_sha256: Bytes,
      duration_ms: Count,
      width: z.number(),
      height: z.number(),
      bytes: Count,
      renditions: z.array(
        z.object({
          name: z.string(),
          width: z.number(),
          height: z.number(),
          bandwidth: Count,
          codecs: z.string(),
          bytes: Count,
        }),
      ),
      status: tag.pipe(z.enum(statuses)),
    }),
    created_at: z.bigint(),
    updated_at: z.bigint(),
    moderation: tag.pipe(z.enum(moderations)),
    post: Optional(PostReply),
    top: z.bigint(),
    hot_or_not: z.bigint(),
  })
  .transform(
    ({
      video: { manifest_sha256, duration_ms, ...video },
      created_at,
      updated_at,
      ...rest
    }): IndexedVideo => ({
      ...video,
      manifestSha256: manifest_sha256,
      durationMs: duration_ms,
      createdAt: milliseconds(created_at),
      updatedAt: milliseconds(updated_at),
      moderation: rest.moderation,
      post: rest.post,
      top: rest.top,
      hotOrNot: rest.hot_or_not,
    }),
  );

function milliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n);
}
