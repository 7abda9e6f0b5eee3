import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { publishCost } from "../../../src/ic/upload/publish-cost.ts";
import { upload } from "../../../src/ic/upload/uploader.ts";
import { startTestNetwork } from "../local-network.ts";

test("the estimate is what the canister is charged, within a quarter", async () => {
  await using network = await startTestNetwork();
  const { storage } = network;
  const sizes = [4_300_000, 900_000, 900_000, 900_000, 20_000, 5_000, 0];
  const files = sizes.map((size, number) => ({
    path: `/v/cost/${number}`,
    contentType: "video/mp4",
    cacheControl: "no-store",
    source: { kind: "bytes" as const, bytes: randomBytes(size) },
  }));
  const before = (await storage.status()).cycles;
  await upload({ storage, uploadId: "cost", attempt: 1, files });
  const charged = Number(before - (await storage.status()).cycles);
  const { upload: estimated } = publishCost(sizes);
  const ratio = estimated.cycles / charged;
  assert.ok(ratio > 0.8 && ratio < 1.25, `estimated ${estimated.cycles}, charged ${charged}: ${ratio}`);
});

test("a gibibyte for a year, and nothing at all", () => {
  const { bytes, yearly } = publishCost([2 ** 30]);
  assert.equal(bytes, 2 ** 30);
  // 127,000 cycles a second: about 4 T cycles.
  assert.deepEqual([Math.round(yearly.cycles / 1e9), yearly.dollars.toFixed(2)], [4008, "5.48"]);
  assert.equal(publishCost([]).yearly.cycles, 0);
});
