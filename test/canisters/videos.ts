import { Principal } from "@dfinity/principal";
import type { PostUpdate, Status, VideoInput } from "@kiln/client/bindings/content_index";

export const ready: Status = { ReadyToView: null };

/** The entry that a publisher sends for a video. */
export const video = (id: string, attempt = 1, status: Status = ready): VideoInput => ({
  id,
  attempt: BigInt(attempt),
  owner: Principal.anonymous(),
  title: `${id}, attempt ${attempt}`,
  storage: Principal.managementCanister(),
  player: `/v/${id}/index.html`,
  hls: `/v/${id}/master.m3u8`,
  dash: `/v/${id}/manifest.mpd`,
  poster: `/v/${id}/poster.jpg`,
  manifest_sha256: new Uint8Array(32),
  duration_ms: 1500n,
  width: 1080,
  height: 1920,
  bytes: 12345n,
  renditions: [
    { name: "1080p", width: 1080, height: 1920, bandwidth: 5_000_000n, codecs: "avc1.640028", bytes: 12000n },
  ],
  status,
});

/** The update that a user canister sends for a post, without views unless given. */
export const post = (id: string, counted: Partial<PostUpdate["statistics"]> = {}): PostUpdate => ({
  video: id,
  owner: Principal.anonymous(),
  post_id: 0n,
  status: ready,
  statistics: {
    views: 0n,
    threshold_views: 0n,
    average_watch_percentage: 0,
    likes: 0n,
    shares: 0n,
    hot_votes: 0n,
    not_votes: 0n,
    ...counted,
  },
});
