import assert from "node:assert/strict";
import { mkdir, mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { startRedis } from "../../src/cli/services/redis-server.ts";
import { connectRedis } from "../../src/queues/connection.ts";
import { createBlobFolder } from "../../src/videos/folder-blob-store.ts";
import { begun } from "../../src/videos/transition.ts";
import type { VideoState } from "../../src/videos/video.ts";
import { VideoStore } from "../../src/videos/video-store.ts";
import { expired, type Retention, sweepBlobs } from "../../src/workers/blob-sweeper.ts";

const days = (count: number) => count * 86_400_000;
const retention: Retention = { originals: 30, products: 7 };

const cells: [cell: string, state: VideoState, age: number, retention: Retention, expected: string][] = [
  ["published lately", "published", 7, retention, ""],
  ["published, its product has expired", "published", 8, retention, "products"],
  ["published, all has expired", "published", 31, retention, "original products"],
  ["published, kept for ever", "published", 9_999, { originals: 0, products: 0 }, ""],
  ["failed: it may be tried again", "failed", 29, retention, ""],
  ["failed long ago", "failed", 31, retention, "original products"],
  ["banned: the ban may be lifted", "banned", 29, retention, ""],
  ["waiting for a month", "publishing", 99, retention, ""],
];
for (const [cell, state, age, kept, expected] of cells)
  test(`what is no longer kept: ${cell}`, () => {
    const { original, products } = expired({ state, updatedAt: 1_000 }, kept, 1_000 + days(age));
    assert.equal([original && "original", products && "products"].filter(Boolean).join(" "), expected);
  });

test("the sweep removes what has expired and nothing else", async () => {
  await using server = await startRedis();
  const redis = await connectRedis(server.url);
  await using folder = await mkdtempDisposable(join(tmpdir(), "kiln-sweep-"));
  const blobs = await createBlobFolder(folder.path);
  const store = new VideoStore(redis);
  const made = async (digit: string) => {
    const facts = { title: digit, source: `/${digit}.mp4`, sha256: digit.repeat(64), bytes: 9 };
    const { id } = await store.create(facts);
    await mkdir(dirname(blobs.originalPath(id)));
    await writeFile(blobs.originalPath(id), "bytes");
    await mkdir(blobs.productPath(id, 2), { recursive: true });
    await writeFile(join(blobs.productPath(id, 2), "manifest.json"), "{}");
    return id;
  };
  const [done, open] = [await made("a"), await made("b")];
  await store.apply(done, begun("ingest", 1));
  await store.apply(done, { type: "accepted", attempt: 1 });
  await store.apply(done, begun("transcode", 1));
  await store.apply(done, { type: "encoded", attempt: 2, product: 2 });
  await store.apply(done, { type: "cleared", attempt: 2 });
  await store.apply(done, begun("publish", 1));
  await store.apply(done, { type: "published", attempt: 3, url: "http://v.example/" });
  const left = async (id: string) => [await blobs.hasOriginal(id), (await blobs.products(id)).length];
  const sweep = (age: number) => sweepBlobs({ store, blobs }, retention, Date.now() + days(age));
  assert.equal(await sweep(6), 0);
  assert.equal(await sweep(8), 1);
  assert.deepEqual(await left(done), [true, 0]);
  assert.equal(await sweep(31), 1);
  assert.deepEqual(
    [await left(done), await left(open)],
    [
      [false, 0],
      [true, 1],
    ],
  );
  assert.equal(await sweep(31), 0);
  redis.disconnect();
});
