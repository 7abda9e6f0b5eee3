import { Actor, type Agent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { idlFactory, type Status, type _SERVICE as User } from "@kiln/client/bindings/user";
import { Nothing, readResult, unauthorized } from "@kiln/client/network/reply";
import { type RetryPolicy, withRetry } from "@kiln/client/network/retry";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";
import { userIndexClient } from "./user-index-client.ts";

/** What the pipeline reports about a post. */
export type PostStatus =
  | "Transcoding"
  | "CheckingExplicitness"
  | "ReadyToView"
  | "BannedForExplicitness"
  | "BannedDueToUserReporting"
  | "Deleted";

export type PostNews = {
  /** Principal of the author, as text. */
  owner: string;
  post: bigint;
  /** Id of the video, which must be that of the post. */
  video: string;
  status: PostStatus;
  /** The fencing number. */
  attempt: number;
};

export type PostStatusClient = ReturnType<typeof postStatusClient>;

const Refusal = z.union([
  z.object({ unauthorized: z.string() }),
  z.object({ stale_attempt: z.bigint() }),
  z.object({ not_found: z.null() }),
  z.object({ invalid: z.string() }),
]);

/** Posts in whichever canisters their authors live. @param options.userIndex id of user_index */
export function postStatusClient(options: { agent: Agent; userIndex: string; retry?: RetryPolicy }) {
  const { agent, userIndex, retry: policy } = options;
  const index = userIndexClient({ agent, canisterId: userIndex, ...(policy && { retry: policy }) });

  return {
    /**
     * Reports the status of a post's video to the post's canister. Idempotent.
     * @throws TypedError POST_UNKNOWN, POST_REFUSES (it was banned or deleted, or shows another video),
     *   STALE_ATTEMPT, UNAUTHORIZED, and those of `withRetry`
     */
    async set({ owner, post, video, status, attempt }: PostNews): Promise<void> {
      const canisterId = await index.canisterOf(owner);
      if (canisterId === undefined)
        throw new TypedError("POST_UNKNOWN", `${owner} has no user canister: user_index ${userIndex}`);
      const target = `user canister ${canisterId}`;
      const actor = Actor.createActor<User>(idlFactory, { agent, canisterId });
      const replied = await withRetry(
        () =>
          actor.update_post_status_by_attempt({
            post: { owner: Principal.fromText(owner), id: post },
            video_uid: video,
            status: { [status]: null } as Status,
            attempt: BigInt(attempt),
          }),
        { target, policy },
      );
      const reply = readResult(Nothing, Refusal, replied, target);
      if (reply.kind === "err")
        throw await refused(reply.error, { target, what: `post ${post} of ${owner}` });
    },
  };

  async function refused(
    error: z.infer<typeof Refusal>,
    { target, what }: { target: string; what: string },
  ): Promise<TypedError> {
    if ("unauthorized" in error)
      return unauthorized({ target, caller: (await agent.getPrincipal()).toText(), why: error.unauthorized });
    if ("stale_attempt" in error)
      return new TypedError(
        "STALE_ATTEMPT",
        `${target}: attempt ${error.stale_attempt} has reported ${what}`,
      );
    if ("not_found" in error) return new TypedError("POST_UNKNOWN", `${target} has no ${what}`);
    return new TypedError("POST_REFUSES", `${target}: ${what}: ${error.invalid}`);
  }
}
