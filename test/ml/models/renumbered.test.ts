import assert from "node:assert/strict";
import { test } from "node:test";
import { rowByRow } from "../../../src/ml/models/recommender.ts";
import { renumbered } from "../../../src/ml/models/renumbered.ts";

/** Knows a, b and c; says what it was asked about. */
function asked() {
  const histories: number[][] = [];
  const model = rowByRow(
    "Spelling",
    3,
    (history, row) => {
      histories.push([...history]);
      row.set([-1, 5, 2]);
    },
    "logits",
  );
  return { model, histories };
}

test("renumbered: scores come in the numbers here, what is unknown shares the last place and leaves histories", async () => {
  const { model, histories } = asked();
  const here = renumbered(model, ["a", "b", "c"], ["new", "c", "a", "other"]);
  assert.deepEqual([here.name, here.items, here.scale], ["Spelling", 4, "logits"]);
  const scores = await here.score([Int32Array.of(2, 0, 1), Int32Array.of(3)]);
  assert.deepEqual(histories, [[0, 2], []]);
  assert.deepEqual([...scores], [-2, 2, -1, -2, -2, 2, -1, -2]);
});

test("renumbered: a catalogue that shares nothing is all last, and nothing breaks", async () => {
  const scores = await renumbered(asked().model, ["a", "b", "c"], ["x", "y"]).score([Int32Array.of(0, 1)]);
  assert.deepEqual([...scores], [-2, -2]);
});
