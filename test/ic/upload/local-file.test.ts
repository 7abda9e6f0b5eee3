import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fingerprint, type LocalFile, readChunk } from "../../../src/ic/upload/local-file.ts";

const folder = await mkdtemp(join(tmpdir(), "kiln-local-file-"));
after(() => rm(folder, { recursive: true }));

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
const plain = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("hex");

async function onDisk(name: string, bytes: Uint8Array): Promise<LocalFile> {
  const file = join(folder, name);
  await writeFile(file, bytes);
  return { path: `/${name}`, contentType: "x/y", cacheControl: "", source: { kind: "file", file } };
}

const inMemory = (bytes: Uint8Array): LocalFile => ({
  path: "/memory",
  contentType: "x/y",
  cacheControl: "",
  source: { kind: "bytes", bytes },
});

for (const [name, size, chunks] of [
  ["empty", 0, 1],
  ["smaller than a chunk", 99, 1],
  ["exactly two chunks", 200, 2],
  ["two chunks and a rest", 201, 3],
] as const) {
  test(`local file: hashes and chunks of a file ${name}, from disk and from memory`, async () => {
    const bytes = randomBytes(size);
    for (const file of [await onDisk(`f${size}`, bytes), inMemory(bytes)]) {
      const print = await fingerprint(file.source, 100);
      assert.equal(print.size, size);
      assert.equal(plain(print.sha256), plain(sha256(bytes)));
      assert.equal(print.chunkSha256.length, chunks);
      for (let chunk = 0; chunk < chunks; chunk++) {
        const expected = bytes.subarray(100 * chunk, 100 * (chunk + 1));
        assert.equal(plain(print.chunkSha256[chunk]), plain(sha256(expected)));
        assert.equal(plain(await readChunk(file, print, 100, chunk)), plain(expected));
      }
    }
  });
}

test("local file: different bytes of the same size are detected", async () => {
  const file = await onDisk("changes", randomBytes(150));
  const print = await fingerprint(file.source, 100);
  await onDisk("changes", randomBytes(150));
  await assert.rejects(readChunk(file, print, 100, 1), { code: "FILE_CHANGED", final: false });
});

test("local file: a file that has become shorter is detected", async () => {
  const file = await onDisk("shrinks", randomBytes(150));
  const print = await fingerprint(file.source, 100);
  await truncate(join(folder, "shrinks"), 120);
  await assert.rejects(readChunk(file, print, 100, 0), { code: "FILE_CHANGED" });
});

test("local file: a missing file is named", async () => {
  await assert.rejects(fingerprint({ kind: "file", file: join(folder, "none") }, 100), {
    code: "FILE_UNREADABLE",
    message: /none cannot be read: ENOENT/,
  });
});
