import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded } from "../../../src/base/random.ts";
import { packHistories } from "../../../src/ml/training/batches/pack-histories.ts";

test("packing: every user with something to teach stands once, no row overflows, hardly a place is empty", () => {
  const random = seeded(1);
  const width = 50;
  const lengths = Uint32Array.from({ length: 2000 }, () => random.integer(width + 1));
  const rows = packHistories(lengths, width, seeded(2));
  const users = rows.flat().sort((a, b) => a - b);
  assert.deepEqual(
    users,
    Array.from(lengths, (_, user) => user).filter((user) => lengths[user]! > 0),
  );
  const filled = rows.map((row) => row.reduce((sum, user) => sum + lengths[user]!, 0));
  assert.ok(filled.every((places) => places <= width));
  const share = filled.reduce((sum, places) => sum + places, 0) / (rows.length * width);
  assert.ok(share > 0.97, `${share} of the places are filled`);
});

test("packing: the same seed packs the same, another one differently", () => {
  const lengths = Uint32Array.from({ length: 100 }, (_, user) => 1 + (user % 7));
  assert.deepEqual(packHistories(lengths, 10, seeded(3)), packHistories(lengths, 10, seeded(3)));
  assert.notDeepEqual(packHistories(lengths, 10, seeded(3)), packHistories(lengths, 10, seeded(4)));
});
