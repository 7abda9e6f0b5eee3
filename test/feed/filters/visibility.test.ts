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
  const visibility = indexVisibility(index, { now: () => now });
  const visible = async (videos: string[]) =>
    [...(await visibility(videos))].flatMap(([video, facts]) => (facts.visible ? [video] : []));
  const all = ["seen", "unchecked", "unsafe", "banned", "unknown"];
  assert.deepEqual(await visible(all), ["seen", "unchecked"]);
  entries.seen = { status: "Deleted", moderation: "safe" };
  now = 29_999;
  assert.deepEqual(await visible(all), ["seen", "unchecked"]);
  assert.deepEqual(asked, all);
  now = 30_000;
  assert.deepEqual(await visible(["seen"]), []);
});

test("visibility: while the index does not answer what was last known holds for ten minutes; unknown videos are hidden", async () => {
  let now = 0;
  let down = false;
  const failures: unknown[] = [];
  const index = {
    get: async (id: string) => {
      if (down) throw new Error("no answer");
      return { status: "ReadyToView", moderation: "safe", owner: id } as unknown as IndexedVideo;
    },
  };
  const visibility = indexVisibility(index, {
    ...{ now: () => now, publisher: "house", onFailed: (error) => failures.push(error) },
  });
  const facts = async (video: string) => {
    const { visible, author } = (await visibility([video])).get(video)!;
    return [visible, author];
  };
  assert.deepEqual(await facts("ann"), [true, "ann"]);
  // Whoever publishes for everybody is nobody's author.
  assert.deepEqual(await facts("house"), [true, undefined]);
  down = true;
  now = 599_999;
  assert.deepEqual(await facts("ann"), [true, "ann"]);
  assert.deepEqual(await facts("unknown"), [false, undefined]);
  now = 600_000;
  assert.deepEqual(await facts("ann"), [false, undefined]);
  assert.equal(failures.length, 3);
});
