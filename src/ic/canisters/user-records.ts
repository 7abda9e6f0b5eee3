import { Actor, type Agent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { idlFactory, type _SERVICE as Service } from "@kiln/client/bindings/user";
import { Count, readResult } from "@kiln/client/network/reply";
import { type RetryPolicy, withRetry } from "@kiln/client/network/retry";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";
import { Change, changesOf } from "./data-backup-client.ts";

const Refusal = z.record(z.string(), z.unknown());

/** What an operator asks of a user canister. */
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
    /** All records of one user, every byte of them. */
    changes: (user: string) =>
      changesOf((after) =>
        expect(z.array(Change), () => actor.changes_since(Principal.fromText(user), after)),
      ),

    /** Sends what data_backup and content_index lack; the number of users that data_backup still waits for. */
    sync: async () =>
      await expect(z.object({ backup_waiting: Count, failure: z.string() }), () => actor.sync()),

    /** After a snapshot was loaded: copies elsewhere are made anew. */
    rewound: () => expect(z.null(), () => actor.rewound()),
  };
}
