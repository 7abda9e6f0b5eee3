import type { TestEvent } from "node:test/reporters";

/** A reporter that writes the name of every skipped test, a line each, for `kiln test` in CI. */
export default async function* skipped(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    if (event.type === "test:pass" && event.data.skip !== undefined) yield `${event.data.name}\n`;
  }
}
