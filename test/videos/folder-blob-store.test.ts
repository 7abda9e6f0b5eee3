import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { createBlobFolder } from "../../src/videos/folder-blob-store.ts";

test("products are those with a manifest, newest first; dropping keeps what is named", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kiln-blobs-"));
  try {
    const blobs = await createBlobFolder(folder);
    assert.deepEqual(await blobs.products("v"), []);
    await blobs.dropProductsExcept("v", "none");
    for (const attempt of [2, 10]) {
      await mkdir(blobs.productPath("v", attempt), { recursive: true });
      await writeFile(join(blobs.productPath("v", attempt), "manifest.json"), "{}");
    }
    await mkdir(blobs.productPath("v", 11));
    const products = dirname(blobs.productPath("v", 2));
    await mkdir(join(products, ".11.kiln-abc"));
    assert.deepEqual(await blobs.products("v"), [10, 2]);
    await blobs.dropProductsExcept("v", 10);
    assert.deepEqual(await readdir(products), ["10"]);
    await mkdir(dirname(blobs.originalPath("v")));
    await writeFile(blobs.originalPath("v"), "bytes");
    assert.ok((await blobs.free()) > 0);
    await blobs.drop("v");
    assert.deepEqual((await readdir(folder, { recursive: true })).sort(), [
      "kiln-blobs.json",
      "originals",
      "products",
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
