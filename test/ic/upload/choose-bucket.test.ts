import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseBucket } from "../../../src/ic/upload/choose-bucket.ts";

const buckets = [
  { canisterId: "full", freeBytes: 0 },
  { canisterId: "small", freeBytes: 100 },
  { canisterId: "large", freeBytes: 300 },
];
const choose = (bytes: number) => (upload: number) => chooseBucket(buckets, `video-${upload}`, bytes);
const uploads = Array.from({ length: 2_000 }, (_, upload) => upload);

test("uploads spread in proportion to free space, each the same way every time", () => {
  const chosen = uploads.map(choose(10));
  assert.deepEqual(uploads.map(choose(10)), chosen);
  const share = (canister: string) => chosen.filter((each) => each === canister).length / chosen.length;
  assert.equal(share("full"), 0);
  assert.ok(Math.abs(share("large") - 0.75) < 0.05, `${share("large")} of the uploads in the larger bucket`);
});

test("a bucket without room is never chosen", () => {
  assert.deepEqual(new Set(uploads.map(choose(101))), new Set(["large"]));
  assert.equal(choose(301)(1), undefined);
  assert.equal(chooseBucket([], "video", 1), undefined);
});
