import { Actor, type Agent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { idlFactory, type _SERVICE as Service } from "@kiln/client/bindings/content_index";
import {
  type IndexedVideo,
  type Moderation,
  type Status,
  type TakedownStatus,
  type VideoEntry,
  VideoReply,
} from "@kiln/client/indexed-video";
import { Count, Optional, readReply, readResult, unauthorized } from "@kiln/client/network/reply";
import { type RetryPolicy, withRetry } from "@kiln/client/network/retry";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";
import type { CallOptions } from "./storage-client.ts";

/**
 * The content index canister. Every method is idempotent and retries transient failures.
 * All throw TypedError: UNAUTHORIZED, STALE_ATTEMPT, VIDEO_NOT_FOUND, ENTRY_INVALID, and those of `withRetry`.
 */
export type IndexClient = {
  readonly canisterId: string;
  upsert(video: VideoEntry, options?: CallOptions): Promise<IndexedVideo>;
  setStatus(id: string, status: Status, options?: CallOptions): Promise<IndexedVideo>;
  /**
   * Takes a video down. One that has no entry yet will be entered as taken down.
   * @returns undefined while there is no entry
   */
  takeDown(
    takedown: { id: string; attempt: number; status: TakedownStatus },
    options?: CallOptions,
  ): Promise<IndexedVideo | undefined>;
  /**
   * Lifts a ban or a deletion for a moderator, also of a video that has no entry yet: publishing it again makes it
   * public.
   * @returns undefined while there is no entry
   */
  lift(id: string, options?: CallOptions): Promise<IndexedVideo | undefined>;
  setModeration(id: string, moderation: Moderation, options?: CallOptions): Promise<IndexedVideo>;
  get(id: string, options?: CallOptions): Promise<IndexedVideo | undefined>;
  /** The visible videos, newest first, fetched page by page as they are consumed. */
  newest(options?: CallOptions & { pageSize?: number }): AsyncGenerator<IndexedVideo>;
  status(options?: CallOptions): Promise<{ videos: number; ready: number }>;
};

const CursorReply = z.object({ rank: z.bigint(), sequence: z.bigint() });
const PageReply = z.object({ videos: z.array(VideoReply), next: Optional(CursorReply) });

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

  async function expect<Value extends z.ZodType>(
    value: Value,
    id: string,
    run: () => Promise<unknown>,
    callOptions?: CallOptions,
  ): Promise<z.output<Value>> {
    const reply = readResult(value, Refusal, await call(run, callOptions), target);
    if (reply.kind === "ok") return reply.value;
    throw await refusalOf(reply.error, id);
  }

  async function refusalOf(error: z.infer<typeof Refusal>, id: string): Promise<TypedError> {
    return refused(error, { id, target, caller: (await agent.getPrincipal()).toText() });
  }

  async function* newest({ pageSize = 50, ...callOptions }: CallOptions & { pageSize?: number } = {}) {
    let cursor: z.output<typeof CursorReply> | undefined;
    do {
      const place = optional(cursor);
      const reply = await call(
        () => actor.feed({ feed: { newest: null }, cursor: place, limit: pageSize, filter: [] }),
        callOptions,
      );
      const page = readResult(PageReply, Refusal, reply, target);
      if (page.kind === "err") throw await refusalOf(page.error, "");
      yield* page.value.videos;
      cursor = page.value.next;
    } while (cursor !== undefined);
  }

  return {
    canisterId,
    upsert: (video, callOptions) =>
      expect(VideoReply, video.id, () => actor.upsert_video(input(video)), callOptions),
    setStatus: (id, status, callOptions) =>
      expect(VideoReply, id, () => actor.set_status(id, variant(status)), callOptions),
    takeDown: ({ id, attempt, status }, callOptions) =>
      expect(
        Optional(VideoReply),
        id,
        () => actor.take_down({ id, attempt: BigInt(attempt), status: variant(status) }),
        callOptions,
      ),
    lift: (id, callOptions) => expect(Optional(VideoReply), id, () => actor.lift(id), callOptions),
    setModeration: (id, moderation, callOptions) =>
      expect(VideoReply, id, () => actor.set_moderation(id, moderationVariant(moderation)), callOptions),
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

function moderationVariant(moderation: Moderation): Parameters<Service["set_moderation"]>[1] {
  return { [moderation]: null } as Parameters<Service["set_moderation"]>[1];
}

/** `opt T` as the agent encodes it. */
function optional<Value>(value: Value | undefined): [] | [Value] {
  return value === undefined ? [] : [value];
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
