import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded } from "../../src/base/random.ts";
import { invertPositiveDefinite } from "../../src/ml/invert-positive-definite.ts";
import { fitEase } from "../../src/ml/models/ease.ts";
import { fitItemKnn } from "../../src/ml/models/item-knn.ts";
import { fitMarkov, Markov } from "../../src/ml/models/markov.ts";
import { fitPopularity } from "../../src/ml/models/popularity.ts";
import type { Recommender } from "../../src/ml/models/recommender.ts";
import { fitTrending } from "../../src/ml/models/trending.ts";
import { SparseRow } from "../../src/ml/sparse/sparse-row.ts";
import { topItems } from "../../src/ml/top-items.ts";
import { toy } from "./toy.ts";

// x 0, y 1, z 2, w 3
const dataset = await toy({ a: "x y z", b: "x y", c: "y w" });

/** Scores after a history, to two places. */
async function scores(model: Recommender, ...history: number[]): Promise<number[]> {
  return Array.from(await model.score([Int32Array.from(history)]), (score) => Math.round(score * 100) / 100);
}

test("Pop counts users, whatever the history", async () => {
  assert.deepEqual(await scores(fitPopularity(dataset)), [2, 3, 1, 1]);
  assert.deepEqual(await scores(fitPopularity(dataset), 1), [2, 3, 1, 1]);
});

test("Trending: a choice a day older weighs half at a half-life of a day", async () => {
  assert.deepEqual(await scores(fitTrending(dataset, { halfLifeDays: 1 })), [0.5, 1.25, 1, 0.5]);
  const { times: _, ...timeless } = dataset;
  assert.throws(() => fitTrending(timeless, { halfLifeDays: 1 }), { code: "MODEL_NEEDS_TIMES" });
});

test("Markov: shares of what followed, decayed by distance and by steps back", async () => {
  const parameters = { reach: 2, reachDecay: 0.5, memory: 2, memoryDecay: 0.5 };
  const model = fitMarkov(dataset, parameters);
  // x -> y twice, z at distance two once; y -> z once, w once
  assert.deepEqual(await scores(model, 0), [0, 0.8, 0.2, 0]);
  assert.deepEqual(await scores(model, 0, 1), [0, 0.4, 0.6, 0.5]);
  assert.deepEqual(await scores(model), [0, 0, 0, 0]);
});

test("Markov learns an event at a time what it learns from all of them", async () => {
  const parameters = { reach: 5, reachDecay: 0.7, memory: 5, memoryDecay: 0.7 };
  const live = new Markov(4, parameters);
  for (const [history, item] of [
    [[0], 1],
    [[0, 1], 2],
    [[0], 1],
    [[1], 3],
  ] as [number[], number][])
    live.observe(Int32Array.from(history), item);
  assert.deepEqual(await scores(live, 2, 0, 1), await scores(fitMarkov(dataset, parameters), 2, 0, 1));
});

test("ItemKNN: cosines of the users in common, nearest only", async () => {
  const model = fitItemKnn(dataset, { neighbours: 1 });
  // cos(x, y) = 2 / sqrt(6), cos(x, z) = 1 / sqrt(2), cos(y, w) = 1 / sqrt(3): x is nearest to y and z, y to x and w
  assert.deepEqual(await scores(model, 0), [0, 0.82, 0.71, 0]);
  assert.deepEqual(await scores(model, 1, 2), [0.82, 0, 0, 0.58]);
});

test("EASE: the paper's closed form, worked out by hand for two items", async () => {
  const two = await toy({ a: "x y", b: "x" });
  // G + I = [[3, 1], [1, 2]], its inverse [[2, -1], [-1, 3]] / 5; B01 = 1 / 3, B10 = 1 / 2
  assert.deepEqual(await scores(fitEase(two, { regularisation: 1 }), 0), [0, 0.33]);
  assert.deepEqual(await scores(fitEase(two, { regularisation: 1 }), 1), [0.5, 0]);
  assert.deepEqual(await scores(fitEase(two, { regularisation: 1, halfLife: 1 }), 1, 0), [0.25, 0.33]);
});

test("EASE refuses a catalogue that it cannot hold", () => {
  const items = Array.from({ length: 8_001 }, (_, index) => `${index}`);
  const large = { users: ["a"], items, offsets: Uint32Array.of(0, 1), sequence: Int32Array.of(0) };
  assert.throws(() => fitEase(large, { regularisation: 1 }), {
    code: "CATALOGUE_TOO_LARGE",
    message: /8001/,
  });
});

for (const size of [1, 7, 32, 33, 100])
  test(`a matrix of ${size} rows times its inverse is the identity`, () => {
    const random = seeded(size);
    const factor = Float64Array.from({ length: size * size }, random.normal);
    const at = (matrix: Float64Array, row: number, column: number) => matrix[row * size + column]!;
    const product = (one: Float64Array, other: (k: number, column: number) => number) =>
      Float64Array.from({ length: size * size }, (_, index) => {
        const [row, column] = [Math.floor(index / size), index % size];
        let sum = 0;
        for (let k = 0; k < size; k++) sum += at(one, row, k) * other(k, column);
        return sum;
      });
    const matrix = product(factor, (k, column) => at(factor, column, k));
    for (let row = 0; row < size; row++) matrix[row * (size + 1)]! += 1;
    const inverse = invertPositiveDefinite(matrix.slice(), size);
    const identity = product(matrix, (k, column) => at(inverse, k, column));
    for (const [index, value] of identity.entries())
      assert.ok(Math.abs(value - (index % (size + 1) === 0 ? 1 : 0)) < 1e-9, `${index}: ${value}`);
  });

test("a sparse row adds up like a dense one, whatever collides", () => {
  const random = seeded(3);
  const row = new SparseRow();
  const expected = new Float32Array(1000);
  for (let index = 0; index < 5000; index++) {
    const item = random.integer(1000);
    row.add(item, 1);
    expected[item]!++;
  }
  const dense = new Float32Array(1000);
  row.addTo(dense, 1);
  assert.deepEqual(dense, expected);
  assert.equal(row.total, 5000);
});

test("top items: best first, of equals the lower number, never what is minus infinity", () => {
  const scores = Float32Array.of(1, 3, Number.NEGATIVE_INFINITY, 3, 2);
  assert.deepEqual([...topItems(scores, 3)], [1, 3, 4]);
  assert.deepEqual([...topItems(scores, 9)], [1, 3, 4, 0]);
});
