import type { Redis } from "ioredis";
import { TypedError } from "../../base/typed-error.ts";
import type { EventStream } from "../../events/event-stream.ts";
import { Lake } from "../../events/lake/lake.ts";
import { forgetDepartedUser } from "../../feed/state/forget-user.ts";
import { type ChainReport, type ChainSync, syncChain } from "../../feed/state/sync-chain.ts";
import type { Viewers } from "../../feed/state/viewers.ts";
import type { Connection } from "../../ic/canisters/connection.ts";

type Kept = { redis: Redis; stream: EventStream; viewers: Viewers; lake: string; signal?: AbortSignal };

/**
 * A round over the user canisters of the network.
 * @param kept.lake its folder: opened only if an account was deleted
 * @returns undefined where no user_index is named
 */
export function chainEvents(
  { engagement, index }: Pick<Connection, "engagement" | "index">,
  { lake, ...kept }: Kept,
): (() => Promise<ChainReport>) | undefined {
  if (engagement === undefined) return undefined;
  const durations = new Map<string, number>();
  const sync: ChainSync = {
    ...{ client: engagement, ...kept },
    async durationOf(video) {
      const known = durations.get(video) ?? (await index.get(video))?.durationMs;
      // It never changes; videos that are not there yet are asked for again.
      if (known !== undefined) durations.set(video, known);
      return known;
    },
    async forget(user, at) {
      using opened = await Lake.open(lake);
      await forgetDepartedUser(user, at, { ...kept, lake: opened });
    },
  };
  return async () => {
    const report = await syncChain(sync);
    durations.clear();
    return report;
  };
}

/** @throws TypedError CANISTER_UNKNOWN */
export function requireChainEvents(connection: Connection, kept: Kept): () => Promise<ChainReport> {
  const round = chainEvents(connection, kept);
  if (round !== undefined) return round;
  throw new TypedError("CANISTER_UNKNOWN", "no user_index is named: set KILN_USER_INDEX_CANISTER");
}
