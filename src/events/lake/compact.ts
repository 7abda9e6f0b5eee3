import type { EventStream } from "../event-stream.ts";
import type { Addition, Lake } from "./lake.ts";

/** Events that are moved at a time: what is held in memory. */
const defaultBatch = 100_000;

/**
 * Moves the events of the stream into the lake, batch by batch. They leave the stream when the lake has them on disk: a
 * crash between the two delivers them once more, and the lake counts them once.
 */
export async function compact(
  stream: EventStream,
  lake: Lake,
  { batch = defaultBatch }: { batch?: number } = {},
): Promise<Addition> {
  const total: Addition = { added: 0, duplicates: 0, forgotten: 0 };
  for (;;) {
    const moved: string[] = [];
    const { added, duplicates, forgotten } = await lake.add(
      (async function* () {
        for await (const { entry, event } of stream.entries()) {
          moved.push(entry);
          yield event;
          if (moved.length === batch) return;
        }
      })(),
    );
    await stream.remove(moved);
    total.added += added;
    total.duplicates += duplicates;
    total.forgotten += forgotten;
    if (moved.length < batch) return total;
  }
}
