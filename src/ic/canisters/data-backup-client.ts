import { Actor, type Agent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { idlFactory, type _SERVICE as Service } from "@kiln/client/bindings/data_backup";
import { Bytes, Count, Optional, PrincipalText } from "@kiln/client/network/reply";
import type { RetryPolicy } from "@kiln/client/network/retry";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";
import { canisterCalls } from "../network/canister-calls.ts";

/** A record and the number of its last change; without a value, the record was removed. */
export const Change = z.object({ key: z.string(), sequence: z.bigint(), value: Optional(Bytes) });
export type Change = z.infer<typeof Change>;

const Progress = z.object({ sequence: z.bigint(), done: z.boolean() });

const Comparison = Progress.extend({ equal: z.boolean() });

const Copy = z.object({
  user: PrincipalText,
  source: PrincipalText,
  sequence: Count,
  records: Count,
  bytes: Count,
});
export type Copy = z.infer<typeof Copy>;

const Users = z.array(PrincipalText);

const Totals = z.object({ users: Count, bytes: Count });

/**
 * The data_backup canister. Every method is idempotent and retries transient failures.
 * All throw TypedError: UNAUTHORIZED, COPY_NOT_FOUND, BACKUP_REFUSES, and those of `withRetry`.
 */
export type DataBackupClient = ReturnType<typeof dataBackupClient>;

/** @param options.canisterId text form of the data_backup canister's principal */
export function dataBackupClient(options: { agent: Agent; canisterId: string; retry?: RetryPolicy }) {
  const { agent, canisterId } = options;
  const actor = Actor.createActor<Service>(idlFactory, { agent, canisterId });
  const target = `data backup canister ${canisterId}`;
  const { expect, read } = canisterCalls({
    agent,
    target,
    retry: options.retry,
    refused: (refusal) => {
      if ("not_found" in refusal)
        return new TypedError("COPY_NOT_FOUND", `${target} has no copy of this user`);
      return new TypedError("BACKUP_REFUSES", `${target}: ${Object.values(refusal).join()}`);
    },
  });

  return {
    canisterId,

    /** Sends all records of a user into a canister that user_index has opened for them. */
    async restore(user: string, into: string): Promise<void> {
      const [id, canister] = [Principal.fromText(user), Principal.fromText(into)];
      let progress: z.infer<typeof Progress> = { sequence: 0n, done: false };
      while (!progress.done) {
        const { sequence } = progress;
        progress = await expect(Progress, () => actor.restore_user(id, canister, sequence));
      }
    },

    /** Whether the canister holds what the copy holds, by SHA-256, page by page. */
    async verify(user: string, canister: string): Promise<boolean> {
      const [id, target] = [Principal.fromText(user), Principal.fromText(canister)];
      for (let after = 0n; ; ) {
        const { equal, sequence, done } = await expect(Comparison, () =>
          actor.verify_user_after(id, target, after),
        );
        if (!equal || done) return equal;
        after = sequence;
      }
    },

    copyOf: (user: string) => expect(Copy, () => actor.copy_of(Principal.fromText(user))),

    /** @param source only users whose copies follow this canister */
    async *users(source?: string): AsyncGenerator<string> {
      const only: [] | [Principal] = source === undefined ? [] : [Principal.fromText(source)];
      for (let after: [] | [Principal] = []; ; ) {
        const page = await expect(Users, () => actor.list_users({ source: only, after, limit: 1_000 }));
        yield* page;
        const last = page.at(-1);
        if (last === undefined) return;
        after = [Principal.fromText(last)];
      }
    },

    changes: (user: string) =>
      changesOf((after) =>
        expect(z.array(Change), () => actor.changes_since(Principal.fromText(user), after)),
      ),

    status: () => read(Totals, () => actor.status()),
  };
}

/** All changes, in order, read page by page. */
export async function* changesOf(page: (after: bigint) => Promise<Change[]>): AsyncGenerator<Change> {
  for (let after = 0n; ; ) {
    const changes = await page(after);
    yield* changes;
    const last = changes.at(-1);
    if (last === undefined) return;
    after = last.sequence;
  }
}
