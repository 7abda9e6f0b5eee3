import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { _SERVICE, Upload } from "@kiln/client/bindings/storage";
import { allChunks, chunkBytes, declare, kept, noise, type Sample, sha256, upload } from "./files.ts";
import { type CanisterNetwork, err, ok, startCanisters } from "./network.ts";

let network: CanisterNetwork;
let storage: _SERVICE;
before(async () => {
  network = await startCanisters();
  storage = network.admin.storage;
});
after(() => network[Symbol.asyncDispose]());

/** A file of four chunks and one of a single chunk, with bytes of this test only, since uploads share chunks. */
const video = (id: string) => ({
  clip: { path: `/${id}/source.mp4`, bytes: noise(`${id} clip`, 3500) },
  segment: { path: `/${id}/0.m4s`, bytes: noise(`${id} segment`, 700) },
});

async function publish(uploadId: string, attempt: number, samples: readonly Sample[]): Promise<void> {
  ok(await storage.begin_upload(upload(uploadId, attempt, samples)));
  ok(await storage.put_chunks(uploadId, BigInt(attempt), allChunks(samples)));
  while (ok(await storage.hash_files(uploadId, BigInt(attempt))).unhashed_bytes > 0n);
  ok(await storage.commit(uploadId, BigInt(attempt)));
}

test("chunks may arrive in any order and twice; nothing is visible before the commit, everything after it", async () => {
  const { clip, segment } = video("order");
  const samples = [clip, segment];
  const status = { attempt: 1n, committed: false, files: 2, bytes: 4200n };
  assert.deepEqual(ok(await storage.begin_upload(upload("order", 1, samples))), {
    ...status,
    missing_chunks: 5n,
    unhashed_bytes: 3500n,
  });
  assert.deepEqual(err(await storage.commit("order", 1n)), {
    incomplete: { missing_chunks: 5n, unhashed_bytes: 3500n },
  });

  const [first, second, third, ...rest] = allChunks(samples);
  ok(await storage.put_chunk("order", 1n, third!));
  ok(await storage.put_chunk("order", 1n, third!));
  ok(await storage.put_chunk("order", 1n, first!));
  assert.deepEqual(ok(await storage.missing_chunks("order", { limit: 10 })), [
    { file: 0, chunk: 1 },
    { file: 0, chunk: 3 },
    { file: 1, chunk: 0 },
  ]);
  assert.deepEqual(ok(await storage.missing_chunks("order", { limit: 1 })), [{ file: 0, chunk: 1 }]);
  assert.equal(ok(await storage.hash_files("order", 1n)).unhashed_bytes, 2500n);

  ok(await storage.put_chunks("order", 1n, [second!, ...rest]));
  assert.deepEqual(err(await storage.commit("order", 1n)), {
    incomplete: { missing_chunks: 0n, unhashed_bytes: 2500n },
  });
  assert.equal(ok(await storage.hash_files("order", 1n)).unhashed_bytes, 0n);
  assert.deepEqual(await storage.get(clip.path), []);

  const done = { ...status, committed: true, missing_chunks: 0n, unhashed_bytes: 0n };
  assert.deepEqual(ok(await storage.commit("order", 1n)), done);
  assert.deepEqual(ok(await storage.commit("order", 1n)), done);
  assert.deepEqual(ok(await storage.begin_upload(upload("order", 1, samples))), done);
  assert.deepEqual(await storage.upload_status("order"), [done]);
  assert.deepEqual(await storage.get(clip.path), [
    {
      path: clip.path,
      content_type: "video/mp4",
      cache_control: "public, max-age=31536000, immutable",
      size: 3500n,
      sha256: new Uint8Array(sha256(clip.bytes)),
      chunk_bytes: chunkBytes,
      chunks: 4,
      upload_id: "order",
    },
  ]);
  const [last] = await storage.get_chunk(clip.path, 3);
  assert.deepEqual(last && new Uint8Array(last), clip.bytes.subarray(3000));
  assert.deepEqual(await storage.get_chunk(clip.path, 4), []);
});

test("bytes that differ from the declaration are refused, in a chunk and in a whole file", async () => {
  const { clip: good } = video("wrong");
  ok(await storage.begin_upload(upload("wrong", 1, [good])));
  const [first] = allChunks([good]);
  for (const bytes of [noise("other", 1000), first!.bytes.subarray(1), new Uint8Array()])
    assert.deepEqual(err(await storage.put_chunk("wrong", 1n, { ...first!, bytes })), {
      chunk_mismatch: { file: 0, chunk: 0 },
    });
  assert.deepEqual(err(await storage.put_chunk("wrong", 1n, { ...first!, file: 7 })), {
    invalid: "the upload has no chunk 0 of file 7",
  });

  const forged: Upload = {
    ...upload("forged", 1, [good]),
    files: [{ ...declare(good), sha256: sha256(noise("forged", 9)) }],
  };
  ok(await storage.begin_upload(forged));
  ok(await storage.put_chunks("forged", 1n, allChunks([good])));
  const mismatch = { file_mismatch: good.path };
  assert.deepEqual(err(await storage.hash_files("forged", 1n)), mismatch);
  assert.deepEqual(err(await storage.commit("forged", 1n)), mismatch);
  assert.deepEqual(await storage.get(good.path), []);
});

test("an older attempt is refused by every method; the newer one resumes the upload", async () => {
  const samples = [video("fence").clip];
  const [first, ...rest] = allChunks(samples);
  ok(await storage.begin_upload(upload("fence", 1, samples)));
  ok(await storage.put_chunk("fence", 1n, first!));
  assert.equal(ok(await storage.begin_upload(upload("fence", 2, samples))).missing_chunks, 3n);

  const stale = { stale_attempt: 2n };
  assert.deepEqual(err(await storage.begin_upload(upload("fence", 1, samples))), stale);
  assert.deepEqual(err(await storage.put_chunk("fence", 1n, first!)), stale);
  assert.deepEqual(err(await storage.hash_files("fence", 1n)), stale);
  assert.deepEqual(err(await storage.commit("fence", 1n)), stale);
  assert.deepEqual(err(await storage.put_chunk("fence", 3n, first!)), {
    invalid: "this attempt has not called begin_upload",
  });

  ok(await storage.put_chunks("fence", 2n, rest));
  ok(await storage.hash_files("fence", 2n));
  ok(await storage.commit("fence", 2n));
});

test("a new commit replaces the previous files, needs no bytes twice and frees their space", async () => {
  const before = await storage.status();
  const { clip: kept, segment: gone } = video("replace");
  await publish("replace", 1, [kept, gone]);
  const added: Sample = { path: "/replace/1.m4s", bytes: noise("added", 900) };
  assert.deepEqual(ok(await storage.begin_upload(upload("replace", 2, [kept, added]))), {
    attempt: 2n,
    committed: false,
    files: 2,
    bytes: 4400n,
    missing_chunks: 1n,
    unhashed_bytes: 0n,
  });
  assert.equal((await storage.get(gone.path)).length, 1);
  ok(await storage.put_chunk("replace", 2n, { file: 1, chunk: 0, bytes: added.bytes }));
  ok(await storage.commit("replace", 2n));
  assert.deepEqual(await storage.get(gone.path), []);
  assert.equal((await storage.get(added.path)).length, 1);

  // An upload without files removes everything.
  await publish("replace", 3, []);
  const after = await storage.status();
  assert.deepEqual([after.files, after.bytes], [before.files, before.bytes]);
  await publish("replace", 4, [kept, gone]);
  assert.equal((await storage.status()).region_bytes, after.region_bytes);
});

test("a path belongs to one upload", async () => {
  const { segment } = video("owned");
  const samples = [segment];
  ok(await storage.begin_upload(upload("late", 1, samples)));
  ok(await storage.put_chunks("late", 1n, allChunks(samples)));
  await publish("owner", 1, samples);
  const refusal = { invalid: `${segment.path} belongs to the upload owner` };
  assert.deepEqual(err(await storage.commit("late", 1n)), refusal);
  assert.deepEqual(err(await storage.begin_upload(upload("late", 2, samples))), refusal);
});

const { segment } = video("faulty");
const file = declare(segment);
const faults: [string, Partial<Upload>, RegExp][] = [
  ["no id", { upload_id: "" }, /^upload_id must/],
  ["chunks too large", { chunk_bytes: 1_900_001 }, /^chunk_bytes must be 1 to 1900000, not 1900001$/],
  ["chunks of 0 bytes", { chunk_bytes: 0 }, /^chunk_bytes must/],
  ["a relative path", { files: [{ ...file, path: "a" }] }, /begin with \/$/],
  ["an empty segment", { files: [{ ...file, path: "/a//b" }] }, /empty segment$/],
  ["the root", { files: [{ ...file, path: "/" }] }, /empty segment$/],
  ["the folder above", { files: [{ ...file, path: "/a/../b" }] }, /\. or \.\. as a segment$/],
  ["a query", { files: [{ ...file, path: "/a?b" }] }, /letters, digits/],
  ["a path twice", { files: [file, file] }, /occurs twice$/],
  ["a header of two lines", { files: [{ ...file, content_type: "a\r\nb" }] }, /content_type must/],
  ["a short hash", { files: [{ ...file, sha256: new Uint8Array(31) }] }, /sha256 must have 32 bytes$/],
  ["a short chunk hash", { files: [{ ...file, chunk_sha256: [new Uint8Array(1)] }] }, /every chunk_sha256/],
  ["too few chunks", { files: [{ ...file, size: 1001n }] }, /1001 bytes make 2 chunks, not 1$/],
  ["no chunk", { files: [{ ...file, size: 0n, chunk_sha256: [] }] }, /0 bytes make 1 chunks, not 0$/],
  [
    "two hashes of one chunk",
    { files: [{ ...file, sha256: sha256(noise("x", 1)) }] },
    /differs from the hash of the file$/,
  ],
];
for (const [what, wrong, sentence] of faults)
  test(`begin_upload refuses ${what}`, async () => {
    const refusal = err(await storage.begin_upload({ ...upload("faulty", 1, [segment]), ...wrong }));
    assert.ok("invalid" in refusal);
    assert.match(refusal.invalid, sentence);
  });

test("an upload that was never begun is unknown", async () => {
  const [chunk] = allChunks([segment]);
  const unknown = { upload_not_found: null };
  assert.deepEqual(err(await storage.put_chunk("never", 1n, chunk!)), unknown);
  assert.deepEqual(err(await storage.missing_chunks("never", { limit: 1 })), unknown);
  assert.deepEqual(err(await storage.commit("never", 1n)), unknown);
  assert.deepEqual(await storage.upload_status("never"), []);
});

test("a chunk of the largest size, and a file hashed in several calls", async () => {
  const size = 1_900_000;
  const bytes = noise("large", 17 * size + 5);
  const parts = Array.from({ length: 18 }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
  const files = [
    {
      ...declare({ path: "/large.mp4", bytes: new Uint8Array() }),
      size: BigInt(bytes.length),
      sha256: sha256(bytes),
      chunk_sha256: parts.map(sha256),
    },
  ];
  ok(await storage.begin_upload({ upload_id: "large", attempt: 1n, chunk_bytes: size, files }));
  for (const [chunk, part] of parts.entries())
    ok(await storage.put_chunk("large", 1n, { file: 0, chunk, bytes: part }));
  assert.equal(ok(await storage.hash_files("large", 1n)).unhashed_bytes, BigInt(size + 5));
  assert.equal(ok(await storage.hash_files("large", 1n)).unhashed_bytes, 0n);
  ok(await storage.commit("large", 1n));
  const [back] = await storage.get_chunk("/large.mp4", 16);
  assert.deepEqual(back && sha256(new Uint8Array(back)), sha256(parts[16]!));
});

test("an upgrade keeps visible files and unfinished uploads", async () => {
  const { clip, segment } = video("upgrade");
  const samples = [clip, segment];
  const [first, second, ...rest] = allChunks(samples);
  ok(await storage.begin_upload(upload("upgrade", 1, samples)));
  ok(await storage.put_chunks("upgrade", 1n, [first!, second!]));
  ok(await storage.hash_files("upgrade", 1n));
  const before = await kept(storage);
  await network.upgrade("storage");
  assert.deepEqual(await kept(storage), before);
  assert.deepEqual(ok(await storage.missing_chunks("upgrade", { limit: 9 })).length, rest.length);
  ok(await storage.put_chunks("upgrade", 1n, rest));
  assert.equal(ok(await storage.hash_files("upgrade", 1n)).unhashed_bytes, 0n);
  ok(await storage.commit("upgrade", 1n));
});
