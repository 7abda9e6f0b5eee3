import type { EventStream } from "../event-stream.ts";
import type { Addition, Lake } from "./lake.ts";

/**
 * Moves the events of the stream into the lake. They leave the stream when the lake has them on disk: a crash
 * between the two delivers them once more, and the lake counts them once.
 */
export async function compact(stream: EventStream, lake: Lake): Promise<Addition> {
  const moved: string[] = [];
  const addition = await lake.add(
    (async function* () {
      for await (const { entry, event } of stream.entries()) {
        moved.push(entry);
        yield event;
      }
    })(),
  );
  await stream.remove(moved);
  return addition;
}
