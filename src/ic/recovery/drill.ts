import { userRecords } from "../canisters/user-records.ts";
import { compareRecords } from "./compare-records.ts";
import {
  catchUp,
  catchUpIfPossible,
  copyUser,
  homeOf,
  listOf,
  orPassOver,
  partsOf,
  type RestoreDependencies,
  type Restored,
  type RestoreOptions,
  type Scope,
  untilStill,
} from "./copy-user.ts";

/**
 * A rehearsal of a restore that moves no user: fills fresh canisters from the copies, compares every byte with the
 * users' own canisters and with data_backup, and returns the fresh canisters to the pool.
 * @returns `failed`: users whose copy differs (COPY_DIFFERS) or could not be made
 * @throws TypedError those of the clients that affect all users
 */
export async function drill(options: RestoreOptions): Promise<Restored> {
  const parts = partsOf(options);
  const restored: Restored = { users: 0, records: 0, bytes: 0, canisters: [], failed: [] };
  for (const [from, users] of await groupsOf(parts, options.scope)) {
    const to = await parts.index.openRestore(from, "drill");
    try {
      for (const user of users) {
        options.onUser?.(user, to);
        await orPassOver(parts, restored, { user, from }, () =>
          untilStill(() => rehearse(parts, user, { from, to })),
        );
      }
    } finally {
      await parts.index.endRestore(to);
    }
    restored.canisters.push({ from, to });
  }
  return restored;
}

async function rehearse(
  parts: RestoreDependencies,
  user: string,
  { from, to }: { from: string; to: string },
): Promise<{ records: number; bytes: number }> {
  const recordsIn = (canisterId: string) => userRecords({ agent: parts.agent, canisterId }).changes(user);
  await catchUp(parts.agent, from);
  const copied = await copyUser(parts, user, to);
  await compareRecords(user, recordsIn(from), recordsIn(to));
  return copied;
}

/** Canisters, and the users whose copies follow them. */
async function groupsOf(parts: RestoreDependencies, scope: Scope): Promise<[string, string[]][]> {
  const { agent, backup, index } = parts;
  if (typeof scope === "object" && "user" in scope) return [[await homeOf(parts, scope.user), [scope.user]]];
  const inhabited: string[] = scope === "everything" ? [] : [scope.canister];
  if (scope === "everything")
    for await (const { id, users } of index.canisters()) if (users > 0) inhabited.push(id);
  const groups: [string, string[]][] = [];
  for (const from of inhabited) {
    await catchUpIfPossible(agent, from);
    groups.push([from, await listOf(backup.users(from))]);
  }
  return groups;
}
