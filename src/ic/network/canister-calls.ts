import type { Agent } from "@dfinity/agent";
import { readReply, readResult, unauthorized } from "@kiln/client/network/reply";
import { type RetryPolicy, withRetry } from "@kiln/client/network/retry";
import { z } from "zod";
import type { TypedError } from "../../base/typed-error.ts";

const Unauthorized = z.object({ unauthorized: z.string() });

/** Why user_index and data_backup refuse an authorised caller. */
const Refusal = z.union([
  z.object({ not_found: z.null() }),
  z.object({ invalid: z.string() }),
  z.object({ failed: z.string() }),
  /** Something changed since it was copied. */
  z.object({ behind: z.string() }),
]);
export type Refusal = z.infer<typeof Refusal>;

/**
 * Calls to one canister that retry transient failures and check the replies.
 * @param options.target what an error calls the canister
 * @param options.refused the error for what the canister refuses
 */
export function canisterCalls(options: {
  agent: Agent;
  target: string;
  retry: RetryPolicy | undefined;
  refused: (refusal: Refusal) => TypedError;
}) {
  const { agent, target, retry: policy, refused } = options;
  const call = <Reply>(run: () => Promise<Reply>) => withRetry(run, { target, policy });
  return {
    call,

    /** A reply that is the value itself. */
    read: async <Value extends z.ZodType>(value: Value, run: () => Promise<unknown>) =>
      readReply(value, await call(run), target),

    /** The value of `variant { ok; err }`; an `err` is thrown as UNAUTHORIZED or as the result of `refused`. */
    async expect<Value extends z.ZodType>(
      value: Value,
      run: () => Promise<unknown>,
    ): Promise<z.output<Value>> {
      const reply = readResult(value, z.union([Unauthorized, Refusal]), await call(run), target);
      if (reply.kind === "ok") return reply.value;
      const { error } = reply;
      if (!("unauthorized" in error)) throw refused(error);
      throw unauthorized({ target, caller: (await agent.getPrincipal()).toText(), why: error.unauthorized });
    },
  };
}
