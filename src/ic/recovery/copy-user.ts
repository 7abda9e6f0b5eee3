import type { Agent } from "@dfinity/agent";
import { TypedError } from "../../base/typed-error.ts";
import { type DataBackupClient, dataBackupClient } from "../canisters/data-backup-client.ts";
import { type UserIndexClient, userIndexClient } from "../canisters/user-index-client.ts";
import { userRecords } from "../canisters/user-records.ts";
import { compareRecords } from "./compare-records.ts";

/** The users to copy. */
export type Scope = { user: string } | { canister: string } | "everything";

export type Restored = {
  users: number;
  records: number;
  /** Total size of the compared keys and values. */
  bytes: number;
  /** New canisters by former canister. */
  canisters: { from: string; to: string }[];
  /** Users who were skipped, and why. They stay where they are. */
  failed: FailedUser[];
};

export type FailedUser = { user: string; from: string; reason: string };

export type RestoreOptions = {
  agent: Agent;
  canisters: { user_index: string; data_backup: string };
  scope: Scope;
  /** Called before each user. */
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

/** Rounds of sending a canister's outbox: enough for a user with the maximum number of records. */
const maxPasses = 200;
/** Rounds that may fail in a row. */
const maxFailures = 3;

/**
 * Makes a canister send its pending changes to data_backup as far as possible. A user whose changes cannot be sent does
 * not stop the others: the later comparison shows whether a copy is complete.
 */
export async function catchUp(agent: Agent, canisterId: string): Promise<void> {
  const records = userRecords({
    agent,
    canisterId,
    retry: { tries: 3, firstDelay: 200, longestDelay: 1_000 },
  });
  for (let passes = 0, failures = 0; passes < maxPasses && failures < maxFailures; passes += 1) {
    const { backup_waiting, failure } = await records.sync();
    if (backup_waiting === 0) return;
    failures = failure === "" ? 0 : failures + 1;
  }
}

/** The same, for a canister that may be lost. */
export async function catchUpIfPossible(agent: Agent, canisterId: string): Promise<void> {
  await catchUp(agent, canisterId).catch((error: unknown) => {
    if (!(error instanceof TypedError)) throw error;
  });
}

/** Errors that affect all users, not just one. */
const stopping = new Set(["UNAUTHORIZED", "CERTIFICATE_INVALID"]);

/**
 * Copies one user. An error is recorded and the user skipped; an error that affects all users is thrown.
 * @returns whether it succeeded
 */
export async function orPassOver(
  { index }: RestoreDependencies,
  restored: Restored,
  { user, from }: { user: string; from: string },
  copy: () => Promise<{ records: number; bytes: number }>,
): Promise<boolean> {
  try {
    count(restored, await copy());
    return true;
  } catch (error) {
    if (!(error instanceof TypedError) || stopping.has(error.code)) throw error;
    // Throws if the network is the cause.
    if (error.code === "CANISTER_UNREACHABLE") await index.status();
    restored.failed.push({ user, from, reason: `${error.code}: ${error.message}` });
    return false;
  }
}

/** Tries for a user whose records keep changing. */
const tries = 5;

/** Tries again if the user's records changed in the meantime. */
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

/** A user's canister according to user_index or, if it has forgotten the user, the source of their copy. */
export async function homeOf({ backup, index }: RestoreDependencies, user: string): Promise<string> {
  return (await index.homeOf(user)) ?? (await backup.copyOf(user)).source;
}

/** Read completely first, because users leave the list as they are moved. */
export async function listOf(users: AsyncGenerator<string>): Promise<string[]> {
  const list = [];
  for await (const user of users) list.push(user);
  return list;
}

function count(restored: Restored, { records, bytes }: { records: number; bytes: number }): void {
  restored.users += 1;
  restored.records += records;
  restored.bytes += bytes;
}
