import assert from "node:assert/strict";
import { test } from "node:test";
import { isFreshPlace, withFresh } from "../../../src/feed/selection/fresh-places.ts";

test("fresh places: the share of any places in a row, to within one; none without a share", () => {
  for (const share of [0, 0.1, 0.25, 1 / 3, 0.5])
    for (const start of [0, 3, 17])
      for (const length of [1, 10, 100]) {
        const places = Array.from({ length }, (_, place) => isFreshPlace(start + place, share));
        const found = places.filter(Boolean).length;
        assert.ok(Math.abs(found - share * length) < 1, `${share} of ${length} from ${start}: ${found}`);
      }
});

test("a ranking with fresh videos between: at their places, as many as there are", () => {
  const ranked = ["a", "b", "c", "d", "e", "f"];
  assert.deepEqual(
    withFresh(ranked, ["x", "y", "z"], 0.25),
    ["a", "b", "c", "x", "d", "e", "f", "y"].slice(0, 7),
  );
  assert.deepEqual(withFresh(ranked, ["x"], 0.5), ["a", "x", "b", "c", "d", "e", "f"]);
  assert.deepEqual(withFresh(ranked, ["x"], 0), ranked);
  assert.deepEqual(withFresh([], ["x"], 0.5), []);
});
