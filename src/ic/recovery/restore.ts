import { TypedError } from "../../base/typed-error.ts";
import {
  catchUp,
  copyUser,
  count,
  homeOf,
  listOf,
  partsOf,
  type RestoreDependencies,
  type Restored,
  type RestoreOptions,
  type Scope,
  untilStill,
} from "./copy-user.ts";

/**
 * Restores users from data_backup into fresh canisters, one for each canister that they lived in, and moves them
 * there. What a former canister that answers has not told data_backup yet is fetched first; one that does not answer
 * is taken for lost. Every record is compared with the copy, byte by byte, before a user moves. What broke off, at
 * whatever point, is done by doing it again.
 * @returns `left`: users of retired canisters of whom data_backup has no copy; they stay where they are
 * @throws TypedError COPY_DIFFERS, COPY_BEHIND, COPY_NOT_FOUND, and those of the clients
 */
export async function restore(options: RestoreOptions): Promise<Restored & { left: number }> {
  const { scope, onUser } = options;
  const parts = partsOf(options);
  const { index } = parts;
  const restored: Restored = { users: 0, records: 0, bytes: 0, canisters: [] };
  const groups = await groupsOf(parts, scope);
  for (const [from, users] of groups) {
    const to = await index.openRestore(from, "move");
    for (const user of users) {
      onUser?.(user, to);
      count(restored, await untilStill(() => move(parts, user, { from, to })));
    }
    await index.endRestore(to);
    restored.canisters.push({ from, to });
  }
  if (scope === "everything") await index.finishRestore();
  return { ...restored, left: await residents(parts, scope, groups) };
}

async function move(
  parts: RestoreDependencies,
  user: string,
  { from, to }: { from: string; to: string },
): Promise<{ records: number; bytes: number }> {
  // A former attempt may have come so far.
  if ((await parts.index.homeOf(user)) === to) {
    await parts.index.closeRestore(user, to);
    return { records: 0, bytes: 0 };
  }
  await tellLast(parts, from);
  const copied = await copyUser(parts, user, to);
  await parts.index.closeRestore(user, to);
  return copied;
}

/** What a canister has not told data_backup yet, if it answers. */
async function tellLast({ agent }: RestoreDependencies, canister: string): Promise<void> {
  await catchUp(agent, canister).catch((error: unknown) => {
    if (!(error instanceof TypedError) || error.code === "COPY_BEHIND") throw error;
  });
}

/** Canisters, and the users whose copies follow them. */
async function groupsOf(parts: RestoreDependencies, scope: Scope): Promise<[string, string[]][]> {
  const { backup, index } = parts;
  if (typeof scope === "object" && "user" in scope) return [[await homeOf(parts, scope.user), [scope.user]]];
  const groups: [string, string[]][] = [];
  for (const from of await index.retire(scope)) {
    await tellLast(parts, from);
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
