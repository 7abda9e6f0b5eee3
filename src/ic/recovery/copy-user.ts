import type { Agent } from "@dfinity/agent";
import { TypedError } from "../../base/typed-error.ts";
import { type DataBackupClient, dataBackupClient } from "../canisters/data-backup-client.ts";
import { type UserIndexClient, userIndexClient } from "../canisters/user-index-client.ts";
import { userRecords } from "../canisters/user-records.ts";
import { compareRecords } from "./compare-records.ts";

/** Which users. */
export type Scope = { user: string } | { canister: string } | "everything";

export type Restored = {
  users: number;
  records: number;
  /** Of keys and values, compared one by one. */
  bytes: number;
  /** Into which canisters, from which. */
  canisters: { from: string; to: string }[];
};

export type RestoreOptions = {
  agent: Agent;
  canisters: { user_index: string; data_backup: string };
  scope: Scope;
  /** Told before each user. */
  onUser?: ((user: string, into: string) => void) | undefined;
};

export type RestoreDependencies = { agent: Agent; backup: DataBackupClient; index: UserIndexClient };

export function partsOf({ agent, canisters }: RestoreOptions): RestoreDependencies {
  return {
    agent,
    backup: dataBackupClient({ agent, canisterId: canisters.data_backup }),
    index: userIndexClient({ agent, canisterId: canisters.user_index }),
  };
}

/**
 * Fills a canister that user_index has opened with a user's records from data_backup, and compares every byte.
 * @throws TypedError COPY_DIFFERS, COPY_NOT_FOUND, and those of the clients
 */
export async function copyUser(
  { agent, backup }: RestoreDependencies,
  user: string,
  into: string,
): Promise<{ records: number; bytes: number }> {
  await backup.restore(user, into);
  const compared = await compareRecords(
    user,
    backup.changes(user),
    userRecords({ agent, canisterId: into }).changes(user),
  );
  if (await backup.verify(user, into)) return compared;
  throw new TypedError("COPY_DIFFERS", `the digests of ${user} in data_backup and ${into} differ`);
}

/** Most passes of a canister's outbox: each takes what waits at that moment. */
const passes = 100;

/**
 * Has a canister tell data_backup what it has not told yet.
 * @throws TypedError COPY_BEHIND, and those of `withRetry` where it does not answer
 */
export async function catchUp(agent: Agent, canisterId: string): Promise<void> {
  const records = userRecords({
    agent,
    canisterId,
    retry: { tries: 3, firstDelay: 200, longestDelay: 1_000 },
  });
  let failure = "";
  for (let pass = 0; pass < passes; pass += 1) {
    const state = await records.sync();
    if (state.backup_waiting === 0) return;
    failure = state.failure;
  }
  throw new TypedError("COPY_BEHIND", `data_backup does not keep up with ${canisterId}: ${failure}`);
}

/** Tries with a user who changes meanwhile. */
const tries = 5;

/** Does it again while the user's records change under it. */
export async function untilStill<Value>(attempt: () => Promise<Value>): Promise<Value> {
  for (let failed = 1; ; failed += 1) {
    try {
      return await attempt();
    } catch (error) {
      const changing =
        error instanceof TypedError && (error.code === "COPY_DIFFERS" || error.code === "COPY_BEHIND");
      if (!changing || failed >= tries) throw error;
    }
  }
}

/** Where a user lives: what user_index says, or, where it has forgotten them, what their copy follows. */
export async function homeOf({ backup, index }: RestoreDependencies, user: string): Promise<string> {
  return (await index.homeOf(user)) ?? (await backup.copyOf(user)).source;
}

/** A list that stays while users move out of what it lists. */
export async function listOf(users: AsyncGenerator<string>): Promise<string[]> {
  const list = [];
  for await (const user of users) list.push(user);
  return list;
}

export function count(restored: Restored, { records, bytes }: { records: number; bytes: number }): void {
  restored.users += 1;
  restored.records += records;
  restored.bytes += bytes;
}
