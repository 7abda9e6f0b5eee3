import type { EventStream } from "./event-stream.ts";
import type { Lake } from "./lake.ts";

/**
 * Deletes everything that a user did, wherever events are kept. The lake comes first: from then on it refuses what
 * is still on its way. Redis's append-only file holds the removed entries until Redis next rewrites it.
 * @param now milliseconds since 1970; what the user does later counts again
 * @returns how many events were deleted
 */
export async function forgetUser(
  user: string,
  { lake, stream, now }: { lake: Lake; stream: EventStream; now: number },
): Promise<number> {
  const inLake = await lake.forget(user, now);
  return inLake + (await stream.forget(user));
}
