import type { TestEvent } from "node:test/reporters";
import { z } from "zod";

/** A skipped test, or a finished test file. */
export const Line = z.union([
  z.object({ skipped: z.string() }),
  z.object({ file: z.string(), seconds: z.number() }),
]);
export type Line = z.infer<typeof Line>;

/** A reporter that writes what `kiln test` wants to know, a line of JSON each. */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    const line = lineOf(event);
    if (line !== undefined) yield `${JSON.stringify(line)}\n`;
  }
}

function lineOf(event: TestEvent): Line | undefined {
  if (event.type === "test:pass" && event.data.skip !== undefined) return { skipped: event.data.name };
  if (event.type === "test:summary" && event.data.file !== undefined)
    return { file: event.data.file, seconds: event.data.duration_ms / 1000 };
  return undefined;
}
