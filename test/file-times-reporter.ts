import type { TestEvent } from "node:test/reporters";

/** A reporter that writes how long each test file took, `milliseconds path` a line, for `kiln test`. */
export default async function* fileTimes(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    if (event.type !== "test:summary" || event.data.file === undefined) continue;
    yield `${Math.round(event.data.duration_ms)} ${event.data.file}\n`;
  }
}
