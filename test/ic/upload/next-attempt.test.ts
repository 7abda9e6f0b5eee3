import assert from "node:assert/strict";
import { test } from "node:test";
import type { IndexedVideo } from "@kiln/client/indexed-video";
import { nextAttempt } from "../../../src/ic/upload/next-attempt.ts";

const content = { manifestSha256: "ab".repeat(32), title: "t" };
const entry = (attempt: number, sha256 = content.manifestSha256, title = "t") =>
  ({ attempt, title, manifestSha256: Buffer.from(sha256, "hex") }) as unknown as IndexedVideo;
const upload = (attempt: number) => ({
  attempt,
  committed: true,
  files: 1,
  bytes: 1,
  missingChunks: 0,
  unhashedBytes: 0,
});

const cells: [name: string, ...Parameters<typeof nextAttempt>, expected: number][] = [
  ["a new video", content, undefined, undefined, 1],
  ["the same again", content, entry(3), upload(3), 3],
  ["an upload that was cut off before the entry", content, undefined, upload(2), 3],
  ["another content", content, entry(3, "cd".repeat(32)), upload(3), 4],
  ["another title", content, entry(3, content.manifestSha256, "other"), upload(3), 4],
  ["the same, while a newer attempt has begun", content, entry(3), upload(5), 6],
];

for (const [name, ...cell] of cells) {
  const [facts, known, begun, expected] = cell;
  test(`next attempt: ${name}`, () => assert.equal(nextAttempt(facts, known, begun), expected));
}
