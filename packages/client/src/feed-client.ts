import { Actor, type HttpAgent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { z } from "zod";
import {
  idlFactory,
  type _SERVICE as Service,
  type Feed as WireFeed,
  type Question as WireQuestion,
} from "./bindings/content_index.ts";
import { checkCertified, type Proof } from "./certified-videos.ts";
import { type IndexedVideo, VideoReply } from "./indexed-video.ts";
import { joinAuthors } from "./join-authors.ts";
import { Bytes, Optional, PrincipalText, readReply, readResult } from "./network/reply.ts";
import { withRetry } from "./network/retry.ts";
import { type Profile, ProfileReply } from "./profile.ts";
import { TypedError } from "./typed-error.ts";

/** Users by the text form of their principals. `personal` is only for the user, recommenders and admins. */
export type Feed =
  | "newest"
  | "top"
  | "hot_or_not"
  | { author: string }
  | { personal: string }
  | { segment: string };

/** `hide` excludes videos known to be unsafe. At most 100 authors can be excluded. */
export type FeedFilter = { unsafe?: "hide" | "show" | "only"; withoutAuthors?: readonly string[] };

export type FeedOptions = { pageSize?: number; filter?: FeedFilter; signal?: AbortSignal };

/** A video of a feed with its author; `profile` is undefined if the author has no canister or it did not reply. */
export type AuthoredVideo = IndexedVideo & { profile: Profile | undefined };

/**
 * The feeds, every entry checked against the subnet's certificate. All throw TypedError: CERTIFICATE_INVALID,
 * FEED_REFUSED, and those of `withRetry`.
 */
export type FeedClient = {
  readonly canisterId: string;
  /** Certified, including the absence of an entry. */
  video(id: string): Promise<IndexedVideo | undefined>;
  /** Fetched a page at a time as it is consumed. */
  videos(feed: Feed, options?: FeedOptions): AsyncGenerator<IndexedVideo>;
  /** The same with author profiles: from the index if they share its subnet, else requested from their canisters. */
  withAuthors(feed: Feed, options?: FeedOptions): AsyncGenerator<AuthoredVideo>;
};

const ProofReply = z.object({ certificate: Optional(Bytes), witness: Bytes });
const CursorReply = z.object({ rank: z.bigint(), sequence: z.bigint() });
const PageReply = z.object({ videos: z.array(VideoReply), next: Optional(CursorReply), proof: ProofReply });
const AuthorReply = z.object({
  owner: PrincipalText,
  canister: PrincipalText,
  profile: Optional(ProfileReply),
});
const AuthoredReply = z.object({ page: PageReply, authors: z.array(AuthorReply) });
const CertifiedReply = z.object({ video: Optional(VideoReply), proof: ProofReply });
const Refusal = z.union([z.object({ unauthorized: z.string() }), z.object({ invalid: z.string() })]);

type Page = z.output<typeof PageReply>;

/** Page size for videos joined with authors. */
const maxJoined = 20;

/**
 * @param options.canisterId text form of the content index canister's principal
 * @param options.rootKey of the network, DER
 */
export function feedClient(options: {
  agent: HttpAgent;
  canisterId: string;
  rootKey: Uint8Array;
}): FeedClient {
  const { agent, canisterId, rootKey } = options;
  const actor = Actor.createActor<Service>(idlFactory, { agent, canisterId });
  const target = `content index canister ${canisterId}`;
  const check = (proof: Proof, videos: readonly (IndexedVideo | string)[]) =>
    checkCertified({ canisterId, rootKey, agent, proof, videos });

  async function* pages<Reply>(
    feed: Feed,
    { pageSize = 20, filter, signal }: FeedOptions,
    ask: (question: WireQuestion) => Promise<unknown>,
    schema: z.ZodType<Reply>,
    pageOf: (reply: Reply) => Page,
  ): AsyncGenerator<Reply> {
    for (let cursor: WireQuestion["cursor"] = []; ; ) {
      const question = { feed: wireFeed(feed), cursor, limit: pageSize, filter: wireFilter(filter) };
      const answered = await withRetry(() => ask(question), { target, signal });
      const reply = readResult(schema, Refusal, answered, target);
      if (reply.kind === "err") throw refused(target, reply.error);
      const page = pageOf(reply.value as Reply);
      await check(page.proof, page.videos);
      yield reply.value as Reply;
      if (page.next === undefined) return;
      cursor = [page.next];
    }
  }

  return {
    canisterId,

    async video(id) {
      const answered = await withRetry(() => actor.get_certified(id), { target });
      const { video, proof } = readReply(CertifiedReply, answered, target);
      await check(proof, [video ?? id]);
      return video;
    },

    async *videos(feed, feedOptions = {}) {
      const found = pages(
        feed,
        feedOptions,
        (question) => actor.feed(question),
        PageReply,
        (page) => page,
      );
      for await (const { videos } of found) yield* videos;
    },

    async *withAuthors(feed, feedOptions = {}) {
      const pageSize = Math.min(feedOptions.pageSize ?? maxJoined, maxJoined);
      const joined = pages(
        feed,
        { ...feedOptions, pageSize },
        (question) => actor.feed_with_authors(question),
        AuthoredReply,
        ({ page }) => page,
      );
      const asked = new Map<string, Promise<Profile | undefined>>();
      for await (const { page, authors } of joined) {
        const profiles = await joinAuthors(agent, authors, asked);
        for (const video of page.videos) yield { ...video, profile: profiles.get(video.owner) };
      }
    },
  };
}

function wireFeed(feed: Feed): WireFeed {
  if (typeof feed === "string") return { [feed]: null } as WireFeed;
  if ("segment" in feed) return feed;
  if ("author" in feed) return { author: Principal.fromText(feed.author) };
  return { personal: Principal.fromText(feed.personal) };
}

function wireFilter(filter: FeedFilter | undefined): WireQuestion["filter"] {
  if (filter === undefined) return [];
  const { unsafe = "hide", withoutAuthors = [] } = filter;
  const wire = {
    unsafe: { [unsafe]: null },
    without_authors: withoutAuthors.map((each) => Principal.fromText(each)),
  };
  return [wire as WireQuestion["filter"][0] & object];
}

function refused(target: string, error: z.infer<typeof Refusal>): TypedError {
  const why = "unauthorized" in error ? error.unauthorized : error.invalid;
  return new TypedError("FEED_REFUSED", `${target} refuses the feed: ${why}`);
}
