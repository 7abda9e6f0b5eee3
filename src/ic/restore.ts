import type { Agent } from "@dfinity/agent";
import { TypedError } from "../telemetry/typed-error.ts";
import { type Change, type DataBackupClient, dataBackupClient } from "./data-backup-client.ts";
import { type UserIndexClient, userIndexClient } from "./user-index-client.ts";
import { userRecords } from "./user-records.ts";

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

type Parts = { agent: Agent; backup: DataBackupClient; index: UserIndexClient };

/**
 * Restores users from data_backup into fresh canisters, one for each canister that they lived in, and moves them
 * there. Every record is compared with the copy, byte by byte, before a user moves. What broke off is begun anew:
 * users who have moved are not in the former canister's list any more once their copies follow the new one.
 * @throws TypedError COPY_DIFFERS, COPY_NOT_FOUND, and those of the clients
 */
export async function restore(options: {
  agent: Agent;
  canisters: { user_index: string; data_backup: string };
  scope: Scope;
  onUser?: ((user: string, into: string) => void) | undefined;
}): Promise<Restored> {
  return fill({ ...options, keep: "move" });
}

/**
 * The same without moving anybody: copies go into fresh canisters, are compared with what the users' own canisters
 * hold at this moment and with data_backup, every byte, and the canisters go back into the pool.
 * @throws TypedError COPY_DIFFERS when a byte differs or data_backup lacks what a canister has
 */
export async function drill(options: {
  agent: Agent;
  canisters: { user_index: string; data_backup: string };
  scope: Scope;
  onUser?: ((user: string, into: string) => void) | undefined;
}): Promise<Restored> {
  return fill({ ...options, keep: "nothing" });
}

async function fill(options: {
  agent: Agent;
  canisters: { user_index: string; data_backup: string };
  scope: Scope;
  keep: "move" | "nothing";
  onUser?: ((user: string, into: string) => void) | undefined;
}): Promise<Restored> {
  const { agent, canisters, scope, keep, onUser } = options;
  const parts: Parts = {
    agent,
    backup: dataBackupClient({ agent, canisterId: canisters.data_backup }),
    index: userIndexClient({ agent, canisterId: canisters.user_index }),
  };
  const restored: Restored = { users: 0, records: 0, bytes: 0, canisters: [] };
  for (const [from, users] of await bySource(parts.backup, scope)) {
    if (keep === "nothing") await catchUp(agent, from);
    const to = await parts.index.openRestore();
    restored.canisters.push({ from, to });
    try {
      for (const user of users) {
        onUser?.(user, to);
        await parts.backup.restore(user, to);
        const sources = [
          parts.backup.changes(user),
          ...(keep === "nothing" ? [userRecords({ agent, canisterId: from }).changes(user)] : []),
        ];
        const copy = await collect(userRecords({ agent, canisterId: to }).changes(user));
        for (const source of sources) compare(user, await collect(source), copy);
        if (!(await parts.backup.verify(user, to)))
          throw new TypedError("COPY_DIFFERS", `the digests of ${user} in data_backup and ${to} differ`);
        if (keep === "move") await parts.index.closeRestore(user, to);
        restored.users += 1;
        restored.records += copy.length;
        restored.bytes += copy.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
      }
    } finally {
      await parts.index.endRestore(to);
    }
  }
  return restored;
}

/** Most passes of a canister's outbox: each takes what waits at that moment. */
const passes = 100;

/** So that the copies are as new as the canister. */
async function catchUp(agent: Agent, canisterId: string): Promise<void> {
  const records = userRecords({ agent, canisterId });
  for (let pass = 0; pass < passes; pass += 1) if ((await records.sync()).backup_waiting === 0) return;
  throw new TypedError("COPY_DIFFERS", `data_backup does not keep up with ${canisterId}: see its failure`, {
    final: false,
  });
}

async function bySource(backup: DataBackupClient, scope: Scope): Promise<Map<string, string[]>> {
  const users: string[] = [];
  if (scope === "everything") for await (const user of backup.users()) users.push(user);
  else if ("canister" in scope) for await (const user of backup.users(scope.canister)) users.push(user);
  else users.push(scope.user);
  const groups = new Map<string, string[]>();
  for (const user of users) {
    const { source } = await backup.copyOf(user);
    groups.set(source, [...(groups.get(source) ?? []), user]);
  }
  return groups;
}

function compare(user: string, expected: Change[], found: Change[]): void {
  const differing = expected.findIndex((change, index) => !same(change, found[index]));
  if (differing < 0 && expected.length === found.length) return;
  const key = expected[differing]?.key ?? found[expected.length]?.key;
  throw new TypedError("COPY_DIFFERS", `record ${key} of ${user} is not the same in its copy`);
}

function same(one: Change, other: Change | undefined): boolean {
  if (other === undefined || one.key !== other.key || one.sequence !== other.sequence) return false;
  if (one.value === undefined || other.value === undefined) return one.value === other.value;
  return Buffer.compare(one.value, other.value) === 0;
}

async function collect(changes: AsyncGenerator<Change>): Promise<Change[]> {
  const all = [];
  for await (const change of changes) all.push(change);
  return all;
}
