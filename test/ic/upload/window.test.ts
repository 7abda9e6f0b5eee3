import assert from "node:assert/strict";
import { test } from "node:test";
import { grow, openWindow, room, shrink } from "../../../src/ic/upload/window.ts";

test("window: opens at 4, at most 16, and never wider than its maximum", () => {
  assert.deepEqual(openWindow(), { size: 4, max: 16, shrunkAt: 0 });
  assert.equal(room(openWindow({ start: 9, max: 2 })), 2);
});

test("window: a window full of successes makes room for one more call, up to the maximum", () => {
  const windows = [openWindow({ start: 2, max: 4 })];
  while (windows.length < 8) windows.push(grow(windows.at(-1)!));
  assert.deepEqual(windows.map(room), [2, 2, 2, 3, 3, 3, 4, 4]);
});

test("window: concurrent failures halve it once, and it never closes", () => {
  const wide = { ...openWindow(), size: 12 };
  const halved = shrink(wide, 5, 12);
  assert.equal(room(halved), 6);
  assert.equal(room(shrink(halved, 12, 14)), 6);
  assert.equal(room(shrink(halved, 13, 14)), 3);
  assert.equal(room(shrink(openWindow({ start: 1 }), 1, 1)), 1);
});
