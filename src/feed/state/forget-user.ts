import type { EventStream } from "../../events/event-stream.ts";
import type { Lake } from "../../events/lake/lake.ts";
import type { Viewers } from "./viewers.ts";

/**
 * Deletes everything that a user did, wherever events are kept. The lake comes first: from then on it refuses what
 * is still on its way. Redis's append-only file holds the removed entries until Redis next rewrites it.
 * @param now milliseconds since 1970; what the user does later counts again
 * @returns how many events were deleted
 */
export async function forgetUser(
  user: string,
  { lake, stream, viewers, now }: { lake: Lake; stream: EventStream; viewers: Viewers; now: number },
): Promise<number> {
  const inLake = await lake.forget(user, now);
  const inStream = await stream.forget(user);
  // Last: a feed that reads meanwhile would take it out of the lake again.
  await viewers.forget(user);
  return inLake + inStream;
}

/**
 * The same for an account that was deleted at that time (milliseconds since 1970), once: what the user did since is kept when
 * the deletion is reported again.
 */
export async function forgetDepartedUser(
  user: string,
  at: number,
  kept: { lake: Lake; stream: EventStream; viewers: Viewers },
): Promise<void> {
  if (await kept.lake.hasForgotten(user, at)) return;
  await forgetUser(user, { ...kept, now: at });
}
