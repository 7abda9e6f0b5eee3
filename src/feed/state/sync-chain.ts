import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { z } from "zod";
import { ulid } from "../../base/ulid.ts";
import { EngagementEvent } from "../../events/event.ts";
import type { EventStream } from "../../events/event-stream.ts";
import type { ChainEngagement, EngagementClient } from "../../ic/canisters/engagement-client.ts";
import type { Viewers } from "./viewers.ts";

/** The Redis key of this file. Hash: how far each user canister was read. */
export const chainKey = "kiln:events:chain";

const Position = z.object({ epoch: z.string(), after: z.int().nonnegative() });

export type ChainSync = {
  client: Pick<EngagementClient, "canisters" | "since">;
  redis: Redis;
  stream: EventStream;
  viewers: Viewers;
  /** Milliseconds; undefined if the video is not in the index. */
  durationOf: (video: string) => Promise<number | undefined>;
  /** Deletes what a user did until that time (milliseconds since 1970), unless that was done before. */
  forget: (user: string, at: number) => Promise<void>;
  signal?: AbortSignal;
};

export type ChainReport = {
  canisters: number;
  /** Events that were not known. */
  added: number;
  duplicates: number;
  /** Users whose accounts were deleted. */
  left: number;
  /** Entries that a canister replaced before they were read. */
  missed: number;
  /** Canisters that could not be read: the next round begins where this one stopped. */
  failures: { canister: string; error: unknown }[];
};

/**
 * Reads what users did in all user canisters since the last time and stores it as POST /v1/events does, each event once:
 * its id follows from canister, sequence number and time, so reading a page again after a crash adds nothing.
 */
export async function syncChain(sync: ChainSync): Promise<ChainReport> {
  const report: ChainReport = { canisters: 0, added: 0, duplicates: 0, left: 0, missed: 0, failures: [] };
  for await (const canister of sync.client.canisters()) {
    if (sync.signal?.aborted) break;
    report.canisters += 1;
    try {
      await syncCanister(sync, canister, report);
    } catch (error) {
      report.failures.push({ canister, error });
    }
  }
  return report;
}

async function syncCanister(sync: ChainSync, canister: string, report: ChainReport): Promise<void> {
  const { client, redis, stream, viewers, signal } = sync;
  const kept = await redis.hget(chainKey, canister);
  let position = kept === null ? undefined : Position.parse(JSON.parse(kept));
  while (!signal?.aborted) {
    let page = await client.since(canister, position?.after ?? 0);
    // After a loaded snapshot numbers occur again, for other entries.
    if (position !== undefined && page.epoch !== position.epoch) {
      position = { epoch: page.epoch, after: 0 };
      page = await client.since(canister, 0);
    }
    report.missed += Math.max(0, page.oldest - 1 - (position?.after ?? 0));
    let events: EngagementEvent[] = [];
    const store = async () => {
      if (events.length === 0) return;
      const { added, duplicates } = await stream.add(events);
      await viewers.add(events);
      report.added += added;
      report.duplicates += duplicates;
      events = [];
    };
    for (const entry of page.entries) {
      if ("left" in entry.action) {
        await store();
        await sync.forget(entry.by, millisecondsOf(entry));
        report.left += 1;
        continue;
      }
      const event = await eventOf(canister, entry, sync.durationOf);
      if (event !== undefined) events.push(event);
    }
    await store();
    position = { epoch: page.epoch, after: page.up_to };
    // Last: what is stored twice counts once, but what is skipped is lost.
    await redis.hset(chainKey, canister, JSON.stringify(position));
    if (page.up_to >= page.last) return;
  }
}

/** @returns undefined where the length of a watched video is not known */
async function eventOf(
  canister: string,
  entry: ChainEngagement,
  durationOf: ChainSync["durationOf"],
): Promise<EngagementEvent | undefined> {
  const { action, by: user, video, sequence } = entry;
  const at = millisecondsOf(entry);
  const content = createHash("sha256").update(`${canister}/${sequence}/${entry.at}`).digest();
  const common = { id: ulid(at, content), at, user, video };
  if (!("watch" in action)) return EngagementEvent.parse({ ...common, type: typeOf(action) });
  const totalMs = await durationOf(video ?? "");
  if (totalMs === undefined || totalMs === 0) return undefined;
  const watchedMs = Math.round((totalMs * action.watch) / 100);
  return EngagementEvent.parse({ ...common, type: "watch", watchedMs, totalMs });
}

function typeOf(action: Exclude<ChainEngagement["action"], { watch: number }>): string {
  if ("vote" in action) return "Hot" in action.vote ? "hot_vote" : "not_vote";
  return Object.keys(action)[0]!;
}

const millisecondsOf = ({ at }: ChainEngagement) => Number(at / 1_000_000n);
