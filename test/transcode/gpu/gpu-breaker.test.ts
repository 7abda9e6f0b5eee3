import assert from "node:assert/strict";
import { test } from "node:test";
import {
  afterFailure,
  allows,
  asideReason,
  type Breaker,
  trusted,
} from "../../../src/transcode/gpu/gpu-breaker.ts";

const minute = 60_000;
const failing = (times: number, now = 0) =>
  Array.from({ length: times }).reduce<Breaker>((breaker) => afterFailure(breaker, now, "GPU_LOST"), trusted);

test("breaker: a third failure in a row sets the GPU aside for ten minutes", () => {
  assert.deepEqual(failing(2), { state: "closed", failures: 2 });
  assert.ok(allows(failing(2), 0));
  const open = failing(3);
  assert.deepEqual(open, { state: "open", since: 0, reason: "GPU_LOST" });
  assert.ok(!allows(open, 10 * minute - 1));
  assert.ok(allows(open, 10 * minute));
});

test("breaker: a failure of the video that tries it again sets it aside anew", () => {
  const again = afterFailure(failing(3), 10 * minute, "GPU_OUT_OF_MEMORY");
  assert.deepEqual(again, { state: "open", since: 10 * minute, reason: "GPU_OUT_OF_MEMORY" });
  assert.ok(!allows(again, 11 * minute));
});

test("breaker: the reason says until when, and by what", () => {
  const open = failing(3);
  assert.ok(open.state === "open");
  assert.match(asideReason(open), /until 1970-01-01T00:10:00\.000Z.*GPU_LOST/);
});
