import { Actor, type Agent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { idlFactory, type _SERVICE as Service } from "@kiln/client/bindings/user";
import { Count, readResult } from "@kiln/client/network/reply";
import { type RetryPolicy, withRetry } from "@kiln/client/network/retry";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";
import { Change, changesOf } from "./data-backup-client.ts";

const Refusal = z.record(z.string(), z.unknown());

/** An operator's calls to a user canister. */
export function userRecords(options: { agent: Agent; canisterId: string; retry?: RetryPolicy }) {
  const { agent, canisterId } = options;
  const actor = Actor.createActor<Service>(idlFactory, { agent, canisterId });
  const target = `user canister ${canisterId}`;

  async function expect<Value extends z.ZodType>(value: Value, run: () => Promise<unknown>) {
    const reply = readResult(value, Refusal, await withRetry(run, { target, policy: options.retry }), target);
    if (reply.kind === "ok") return reply.value;
    const reason = Object.entries(reply.error)
      .map(([name, why]) => (typeof why === "string" ? why : name))
      .join();
    throw new TypedError("USER_CANISTER_REFUSES", `${target}: ${reason}`);
  }

  return {
    /** All records of one user. */
    changes: (user: string) =>
      changesOf((after) =>
        expect(z.array(Change), () => actor.changes_since(Principal.fromText(user), after)),
      ),

    /** Sends pending changes to data_backup and content_index. @returns users whose changes data_backup still lacks */
    sync: async () =>
      await expect(z.object({ backup_waiting: Count, failure: z.string() }), () => actor.sync()),

    /** To be called after a snapshot was loaded: makes the canister send complete copies again. */
    rewound: () => expect(z.null(), () => actor.rewound()),
  };
}
