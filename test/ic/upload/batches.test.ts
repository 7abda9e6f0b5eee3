import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { allChunks, chunkSize, planBatches } from "../../../src/ic/upload/batches.ts";

const limit = { bytes: 10, chunks: 3 };

const cells: [name: string, sizes: number[], expected: string[]][] = [
  ["no file: no call", [], []],
  ["an empty file has one empty chunk", [0], ["0.0"]],
  ["exactly one chunk", [10], ["0.0"]],
  ["one byte more is a chunk more", [11], ["0.0", "0.1"]],
  ["the rest of a file travels with the next small ones", [12, 3, 5, 1], ["0.0", "0.1 1.0 2.0", "3.0"]],
  ["no call over the limit of bytes", [6, 6, 4], ["0.0", "1.0 2.0"]],
  ["no call over the limit of chunks", [1, 1, 1, 1], ["0.0 1.0 2.0", "3.0"]],
];

for (const [name, sizes, expected] of cells) {
  test(`batches: ${name}`, () => {
    const batches = [...planBatches(allChunks(sizes, 10), sizes, 10, limit)];
    assert.deepEqual(
      batches.map((batch) => batch.map(({ file, chunk }) => `${file}.${chunk}`).join(" ")),
      expected,
    );
  });
}

test("batches: every chunk is sent once, in order, and no call exceeds the limits", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(60)), (sizes) => {
      const batches = [...planBatches(allChunks(sizes, 10), sizes, 10, limit)];
      assert.deepEqual(batches.flat(), [...allChunks(sizes, 10)]);
      for (const batch of batches) {
        const bytes = batch.map(({ file, chunk }) => chunkSize(sizes[file]!, 10, chunk));
        assert.ok(batch.length <= limit.chunks && bytes.reduce((a, b) => a + b, 0) <= limit.bytes);
      }
    }),
  );
});
