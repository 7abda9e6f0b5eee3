import { TypedError } from "../../base/typed-error.ts";
import {
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
 * Restores users from data_backup into fresh canisters, one for each canister that they lived in, and moves them
 * there. A former canister that replies first sends data_backup what it has not sent yet; one that does not reply is
 * treated as lost. Every record is compared with the copy, byte by byte, before a user moves. If a restore is
 * interrupted, at whatever point, it can be repeated.
 * @returns `failed`: users who could not be moved, unlike all others; to try again, restore their canister again.
 *   `left`: users of retired canisters of whom data_backup has no copy. Both stay where they are.
 * @throws TypedError those of the clients that affect all users
 */
export async function restore(options: RestoreOptions): Promise<Restored & { left: number }> {
  const { scope, onUser } = options;
  const parts = partsOf(options);
  const { index } = parts;
  const restored: Restored = { users: 0, records: 0, bytes: 0, canisters: [], failed: [] };
  const groups = await groupsOf(parts, scope);
  for (const [from, users] of groups) {
    const to = await index.openRestore(from, "move");
    for (const user of users) {
      onUser?.(user, to);
      const moved = await orPassOver(parts, restored, { user, from }, () =>
        untilStill(() => move(parts, user, { from, to })),
      );
      if (!moved) await discard(parts, user, to);
    }
    await index.endRestore(to);
    restored.canisters.push({ from, to });
  }
  if (scope === "everything") await index.finishRestore();
  const left = (await residents(parts, scope, groups)) - restored.failed.length;
  return { ...restored, left: Math.max(0, left) };
}

async function move(
  parts: RestoreDependencies,
  user: string,
  { from, to }: { from: string; to: string },
): Promise<{ records: number; bytes: number }> {
  // An earlier attempt may have got this far.
  if ((await parts.index.homeOf(user)) === to) {
    await parts.index.closeRestore(user, to);
    return { records: 0, bytes: 0 };
  }
  await catchUpIfPossible(parts.agent, from);
  const copied = await copyUser(parts, user, to);
  await parts.index.closeRestore(user, to);
  return copied;
}

/** Removes the restored records of a user who was not moved, so that they are not in the way later. */
async function discard({ index }: RestoreDependencies, user: string, to: string): Promise<void> {
  await index.cancelRestore(user, to).catch((error: unknown) => {
    if (!(error instanceof TypedError)) throw error;
  });
}

/** Canisters, and the users whose copies follow them. */
async function groupsOf(parts: RestoreDependencies, scope: Scope): Promise<[string, string[]][]> {
  const { backup, index } = parts;
  if (typeof scope === "object" && "user" in scope) return [[await homeOf(parts, scope.user), [scope.user]]];
  const groups: [string, string[]][] = [];
  for (const from of await index.retire(scope)) {
    await catchUpIfPossible(parts.agent, from);
    groups.push([from, await listOf(backup.users(from))]);
  }
  return groups;
}

async function residents(
  { index }: RestoreDependencies,
  scope: Scope,
  groups: readonly [string, string[]][],
): Promise<number> {
  if (typeof scope === "object" && "user" in scope) return 0;
  const emptied = new Set(groups.map(([from]) => from));
  let left = 0;
  for await (const { id, users } of index.canisters()) if (emptied.has(id)) left += users;
  return left;
}
