import { Actor, type Agent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { z } from "zod";
import { TypedError } from "../telemetry/typed-error.ts";
import { idlFactory, type _SERVICE as Service } from "./bindings/content_index.ts";
import { Bytes, Count, Optional, PrincipalText, readReply, readResult, unauthorized } from "./reply.ts";
import { type RetryPolicy, withRetry } from "./retry.ts";
import type { CallOptions } from "./storage-client.ts";

/** What may be done with a video, in the words of the canisters. Only ReadyToView is shown. */
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

/** An entry of the index. Paths are absolute URL paths in the storage canister. */
export type VideoEntry = {
  id: string;
  /** Fencing number: an older one than the entry's is refused, the same one again changes nothing. */
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

/** Times in milliseconds since 1970, by the canister's clock. */
export type IndexedVideo = VideoEntry & { createdAt: number; updatedAt: number };

/**
 * The content index canister. Every method may be repeated and repeats itself while the failure is transient.
 * All throw TypedError: UNAUTHORIZED, STALE_ATTEMPT, VIDEO_NOT_FOUND, ENTRY_INVALID, and those of `withRetry`.
 */
export type IndexClient = {
  readonly canisterId: string;
  upsert(video: VideoEntry, options?: CallOptions): Promise<IndexedVideo>;
  setStatus(id: string, status: Status, options?: CallOptions): Promise<IndexedVideo>;
  get(id: string, options?: CallOptions): Promise<IndexedVideo | undefined>;
  /** What may be seen, newest first, fetched a page at a time as it is consumed. */
  newest(options?: CallOptions & { pageSize?: number }): AsyncGenerator<IndexedVideo>;
  status(options?: CallOptions): Promise<{ videos: number; ready: number }>;
};

const StatusReply = z
  .record(z.string(), z.null())
  .transform((variant) => Object.keys(variant)[0])
  .pipe(z.enum(statuses));

const VideoReply = z
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
      status: StatusReply,
    }),
    created_at: z.bigint(),
    updated_at: z.bigint(),
  })
  .transform(
    ({ video: { manifest_sha256, duration_ms, ...video }, created_at, updated_at }): IndexedVideo => ({
      ...video,
      manifestSha256: manifest_sha256,
      durationMs: duration_ms,
      createdAt: milliseconds(created_at),
      updatedAt: milliseconds(updated_at),
    }),
  );

const PageReply = z.object({ videos: z.array(VideoReply), next: Optional(z.bigint()) });

const TotalsReply = z.object({ videos: Count, ready: Count });

const Refusal = z.union([
  z.object({ unauthorized: z.string() }),
  z.object({ stale_attempt: Count }),
  z.object({ not_found: z.null() }),
  z.object({ invalid: z.string() }),
]);

/** @param options.canisterId text form of the content index canister's principal */
export function indexClient(options: { agent: Agent; canisterId: string; retry?: RetryPolicy }): IndexClient {
  const { agent, canisterId } = options;
  const actor = Actor.createActor<Service>(idlFactory, { agent, canisterId });
  const target = `content index canister ${canisterId}`;
  const call = <Reply>(run: () => Promise<Reply>, { signal, onTransient }: CallOptions = {}) =>
    withRetry(run, { target, policy: options.retry, signal, onTransient });

  async function expectVideo(id: string, run: () => Promise<unknown>, callOptions?: CallOptions) {
    const reply = readResult(VideoReply, Refusal, await call(run, callOptions), target);
    if (reply.kind === "ok") return reply.value;
    throw refused(reply.error, { id, target, caller: (await agent.getPrincipal()).toText() });
  }

  async function* newest({ pageSize = 50, ...callOptions }: CallOptions & { pageSize?: number } = {}) {
    let cursor: bigint | undefined;
    do {
      const after: [] | [bigint] = cursor === undefined ? [] : [cursor];
      const reply = await call(() => actor.newest({ cursor: after, limit: pageSize }), callOptions);
      const page: z.output<typeof PageReply> = readReply(PageReply, reply, target);
      yield* page.videos;
      cursor = page.next;
    } while (cursor !== undefined);
  }

  return {
    canisterId,
    upsert: (video, callOptions) =>
      expectVideo(video.id, () => actor.upsert_video(input(video)), callOptions),
    setStatus: (id, status, callOptions) =>
      expectVideo(id, () => actor.set_status(id, variant(status)), callOptions),
    get: async (id, callOptions) =>
      readReply(Optional(VideoReply), await call(() => actor.get(id), callOptions), target),
    newest,
    status: async (callOptions) =>
      readReply(TotalsReply, await call(() => actor.status(), callOptions), target),
  };
}

function input(video: VideoEntry): Parameters<Service["upsert_video"]>[0] {
  const { manifestSha256, durationMs, attempt, owner, storage, bytes, status, ...same } = video;
  return {
    ...same,
    attempt: BigInt(attempt),
    owner: Principal.fromText(owner),
    storage: Principal.fromText(storage),
    manifest_sha256: manifestSha256,
    duration_ms: BigInt(durationMs),
    bytes: BigInt(bytes),
    renditions: video.renditions.map((rendition) => ({
      ...rendition,
      bandwidth: BigInt(rendition.bandwidth),
      bytes: BigInt(rendition.bytes),
    })),
    status: variant(status),
  };
}

/** A Candid variant without a value is an object with its name as the only key. */
function variant(status: Status): Parameters<Service["set_status"]>[1] {
  return { [status]: null } as Parameters<Service["set_status"]>[1];
}

function milliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n);
}

function refused(
  error: z.infer<typeof Refusal>,
  { id, target, caller }: { id: string; target: string; caller: string },
): TypedError {
  if ("unauthorized" in error) return unauthorized({ target, caller, why: error.unauthorized });
  if ("stale_attempt" in error)
    return new TypedError("STALE_ATTEMPT", `attempt ${error.stale_attempt} has entered video ${id} already`);
  if ("not_found" in error)
    return new TypedError("VIDEO_NOT_FOUND", `${target} has no video ${id}: publish it first`);
  return new TypedError("ENTRY_INVALID", `${target} refuses video ${id}: ${error.invalid}`);
}
