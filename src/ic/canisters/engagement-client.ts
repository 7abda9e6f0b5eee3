import { Actor, type Agent } from "@dfinity/agent";
import { idlFactory, type _SERVICE as User } from "@kiln/client/bindings/user";
import {
  Count,
  Nothing,
  Optional,
  PrincipalText,
  readResult,
  unauthorized,
} from "@kiln/client/network/reply";
import { type RetryPolicy, withRetry } from "@kiln/client/network/retry";
import { z } from "zod";
import { userIndexClient } from "./user-index-client.ts";

const Action = z.union([
  z.object({ like: z.null() }),
  z.object({ unlike: z.null() }),
  z.object({ share: z.null() }),
  z.object({ vote: z.union([z.object({ Hot: z.null() }), z.object({ Not: z.null() })]) }),
  z.object({ watch: z.int().min(1).max(100) }),
  z.object({ left: z.null() }),
]);

const Page = z.object({
  /** Numbers are valid within one epoch. */
  epoch: z.bigint().transform(String),
  /** The first number that the canister still has. */
  oldest: Count,
  last: Count,
  /** The next page follows this number. */
  up_to: Count,
  entries: z.array(
    z.object({
      sequence: Count,
      /** Nanoseconds since 1970. */
      at: z.bigint(),
      by: PrincipalText,
      action: Action,
      /** Absent where an account was deleted. */
      video: Optional(z.string()),
    }),
  ),
});
export type EngagementPage = z.output<typeof Page>;
export type ChainEngagement = EngagementPage["entries"][number];

const Refusal = z.object({ unauthorized: z.string() });

export type EngagementClient = ReturnType<typeof engagementClient>;

/** What users do in all user canisters. @param options.userIndex id of user_index */
export function engagementClient(options: { agent: Agent; userIndex: string; retry?: RetryPolicy }) {
  const { agent, userIndex, retry: policy } = options;
  const index = userIndexClient({ agent, canisterId: userIndex, ...(policy && { retry: policy }) });

  return {
    /** The canisters that have or had users. */
    async *canisters(): AsyncGenerator<string> {
      for await (const { id, state } of index.canisters()) if (state !== "empty") yield id;
    },

    /**
     * What was done there after that number.
     * @param limit entries, at most 500
     * @throws TypedError UNAUTHORIZED (the identity needs the role recommender), and those of `withRetry`
     */
    async since(canisterId: string, after: number, limit = 500): Promise<EngagementPage> {
      const target = `user canister ${canisterId}`;
      const actor = Actor.createActor<User>(idlFactory, { agent, canisterId });
      const ask = async () => {
        const reply = await withRetry(() => actor.engagement_since(BigInt(after), limit), { target, policy });
        return readResult(Page, Refusal, reply, target);
      };
      const first = await ask();
      if (first.kind === "ok") return first.value;
      // The canister reads roles by an update, and queries use them for a minute.
      const refreshed = readResult(
        Nothing,
        Refusal,
        await withRetry(() => actor.refresh_membership(), { target, policy }),
        target,
      );
      const second = refreshed.kind === "ok" ? await ask() : refreshed;
      if (second.kind === "ok") return second.value;
      throw unauthorized({
        target,
        caller: (await agent.getPrincipal()).toText(),
        why: second.error.unauthorized,
      });
    },
  };
}
