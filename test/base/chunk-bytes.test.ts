import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { maxChunkBytes } from "../../src/base/chunk-bytes.ts";

test("the largest chunk is that of the storage canister", async () => {
  const source = await readFile(new URL("../../canisters/storage/Declaration.mo", import.meta.url), "utf8");
  const [, bytes] = /maxChunkBytes = ([\d_]+);/.exec(source)!;
  assert.equal(maxChunkBytes, Number(bytes!.replaceAll("_", "")));
});
