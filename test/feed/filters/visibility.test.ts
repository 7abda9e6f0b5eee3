import assert from "node:assert/strict";
import { test } from "node:test";
import type { IndexedVideo } from "@kiln/client/indexed-video";
import { indexVisibility } from "../../../src/feed/filters/visibility.ts";

test("visibility: only what is ready to view and not unsafe; asked again after half a minute", async () => {
  const entries: Record<string, Pick<IndexedVideo, "status" | "moderation">> = {
    seen: { status: "ReadyToView", moderation: "safe" },
    unchecked: { status: "ReadyToView", moderation: "unchecked" },
    unsafe: { status: "ReadyToView", moderation: "unsafe" },
    banned: { status: "BannedDueToUserReporting", moderation: "safe" },
  };
  const asked: string[] = [];
  let now = 0;
  const index = {
    get: async (id: string) => {
      asked.push(id);
      return entries[id] as IndexedVideo | undefined;
    },
  };
  const visibility = indexVisibility(index, () => now);
  const all = ["seen", "unchecked", "unsafe", "banned", "unknown"];
  assert.deepEqual(await visibility(all), new Set(["seen", "unchecked"]));
  entries.seen = { status: "Deleted", moderation: "safe" };
  now = 29_999;
  assert.deepEqual(await visibility(all), new Set(["seen", "unchecked"]));
  assert.deepEqual(asked, all);
  now = 30_000;
  assert.deepEqual(await visibility(["seen"]), new Set());
});
