import { Actor, type Agent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { z } from "zod";
import { idlFactory, type _SERVICE as Service } from "./bindings/user.ts";
import { Count, Nothing, Optional, PrincipalText, readReply, readResult } from "./network/reply.ts";
import { withRetry } from "./network/retry.ts";
import { TypedError } from "./typed-error.ts";

/** The permanent id of a post. `owner` in text form. */
export type PostRef = { owner: string; id: number };

/** A post as its author's canister returns it. Times in milliseconds since 1970. */
export type Post = PostRef & {
  video: string;
  description: string;
  hashtags: string[];
  status: string;
  createdAt: number;
  likes: number;
  shares: number;
  hotVotes: number;
  notVotes: number;
  views: { total: number; threshold: number; averagePercentage: number };
  likedByMe: boolean;
  myVote: "Hot" | "Not" | undefined;
};

/** Percentages 1 to 100; `timesToTheEnd` counts complete watches before the last, partial one. */
export type Watched = { percentage: number; timesToTheEnd?: number };

export type NewPost = {
  video: string;
  description: string;
  hashtags?: readonly string[];
  /** Whether others may vote on it in hot or not: ask the author, there is no default. */
  hotOrNot: boolean;
  /** Whether it is not safe for work: the author says so, there is no default. */
  nsfw: boolean;
};

/**
 * A user canister, for its owner or for a visitor: the canister decides by the signature. All throw TypedError:
 * USER_REFUSED and those of `withRetry`.
 */
export type UserClient = {
  readonly canisterId: string;
  updateProfile(profile: { displayName: string; bio: string; pictureUrl: string }): Promise<void>;
  /** @returns the post's number; posting the same video again returns the same post */
  addPost(post: NewPost): Promise<number>;
  deletePost(id: number): Promise<void>;
  post(ref: PostRef): Promise<Post | undefined>;
  /** Of one author, newest first, fetched a page at a time. */
  posts(owner: string): AsyncGenerator<Post>;
  like(ref: PostRef, how: "liked" | "unliked"): Promise<void>;
  share(ref: PostRef): Promise<void>;
  vote(ref: PostRef, vote: "Hot" | "Not"): Promise<void>;
  /** Counts a viewer once, with the largest percentage watched at once: safe to repeat. */
  watched(ref: PostRef, watched: Watched): Promise<void>;
};

const tag = z.record(z.string(), z.null()).transform((variant) => Object.keys(variant)[0] ?? "");

const PostReply = z
  .object({
    owner: PrincipalText,
    id: Count,
    content: z.object({ video_uid: z.string(), description: z.string(), hashtags: z.array(z.string()) }),
    status: tag,
    created_at: z.bigint(),
    like_count: Count,
    share_count: Count,
    hot_count: Count,
    not_count: Count,
    view_stats: z.object({
      total_view_count: Count,
      threshold_view_count: Count,
      average_watch_percentage: z.number(),
    }),
    liked_by_me: z.boolean(),
    my_vote: Optional(tag.pipe(z.enum(["Hot", "Not"]))),
  })
  .transform(
    (post): Post => ({
      owner: post.owner,
      id: post.id,
      video: post.content.video_uid,
      description: post.content.description,
      hashtags: post.content.hashtags,
      status: post.status,
      createdAt: Number(post.created_at / 1_000_000n),
      likes: post.like_count,
      shares: post.share_count,
      hotVotes: post.hot_count,
      notVotes: post.not_count,
      views: {
        total: post.view_stats.total_view_count,
        threshold: post.view_stats.threshold_view_count,
        averagePercentage: post.view_stats.average_watch_percentage,
      },
      likedByMe: post.liked_by_me,
      myVote: post.my_vote,
    }),
  );

const PageReply = z.object({ posts: z.array(PostReply), next: Optional(z.bigint()) });

/** The variant's name, followed by its text if it has one. */
const Refusal = z.record(z.string(), z.unknown()).transform((variant) => {
  const [[name, value] = ["refused", null]] = Object.entries(variant);
  return typeof value === "string" ? `${name}: ${value}` : name.replaceAll("_", " ");
});

const pageSize = 50;

/** @param options.canisterId text form of a user canister's principal */
export function userClient({ agent, canisterId }: { agent: Agent; canisterId: string }): UserClient {
  const actor = Actor.createActor<Service>(idlFactory, { agent, canisterId });
  const target = `user canister ${canisterId}`;

  async function act<Value extends z.ZodType>(
    value: Value,
    run: () => Promise<unknown>,
  ): Promise<z.output<Value>> {
    const reply = readResult(value, Refusal, await withRetry(run, { target }), target);
    if (reply.kind === "ok") return reply.value;
    throw new TypedError("USER_REFUSED", `${target} refuses: ${reply.error}`);
  }

  return {
    canisterId,
    updateProfile: ({ displayName, bio, pictureUrl }) =>
      act(Nothing, () =>
        actor.update_profile_details({ display_name: displayName, bio, profile_picture_url: pictureUrl }),
      ),
    addPost: ({ video, description, hashtags = [], hotOrNot, nsfw }) =>
      act(Count, () =>
        actor.add_post({
          video_uid: video,
          description,
          hashtags: [...hashtags],
          is_nsfw: nsfw,
          creator_consent_for_inclusion_in_hot_or_not: hotOrNot,
        }),
      ),
    deletePost: (id) => act(Nothing, () => actor.delete_post(BigInt(id))),
    post: async (ref) =>
      readReply(
        Optional(PostReply),
        await withRetry(() => actor.get_individual_post_details_by_id(wire(ref)), { target }),
        target,
      ),
    async *posts(owner) {
      const author = Principal.fromText(owner);
      for (let before: [] | [bigint] = []; ; ) {
        const page = await act(PageReply, () =>
          actor.get_posts_of_this_user_profile_with_pagination_cursor(author, { before, limit: pageSize }),
        );
        yield* page.posts;
        if (page.next === undefined) return;
        before = [page.next];
      }
    },
    like: async (ref, how) => {
      await act(z.boolean(), () => actor.update_post_like_status(wire(ref), how === "liked"));
    },
    share: async (ref) => {
      await act(Count, () => actor.update_post_increment_share_count(wire(ref)));
    },
    vote: (ref, vote) =>
      act(Nothing, () => actor.vote_on_post(wire(ref), vote === "Hot" ? { Hot: null } : { Not: null })),
    watched: (ref, watched) =>
      act(Nothing, () => actor.update_post_add_view_details(wire(ref), viewOf(watched))),
  };
}

function wire({ owner, id }: PostRef) {
  return { owner: Principal.fromText(owner), id: BigInt(id) };
}

function viewOf({ percentage, timesToTheEnd = 0 }: Watched) {
  if (timesToTheEnd === 0) return { WatchedPartially: { percentage_watched: percentage } };
  return { WatchedMultipleTimes: { watch_count: timesToTheEnd, percentage_watched: percentage } };
}
