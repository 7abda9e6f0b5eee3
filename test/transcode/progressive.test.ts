import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { growingFile } from "../../src/transcode/growing-file.ts";
import { type ReadySegment, smallestFirst } from "../../src/transcode/progressive.ts";
import { transcode } from "../../src/transcode/transcode.ts";
import { clip, pattern, policy, scratch } from "./clip.ts";

const folder = await scratch();

test("segments leave while the encode runs, and the folder is the same as without", async () => {
  const file = await clip(folder, "clip.mp4", pattern("640x360", 10));
  const seen: (ReadySegment & { sha256: string; encoding: boolean })[] = [];
  let encoding = true;
  let playable = -1;
  const early = await transcode(file, {
    out: join(folder, "early"),
    policy,
    onProgress: ({ stage }) => {
      encoding = stage === "probe" || stage === "encode";
    },
    progressive: {
      onSegment: (segment) => {
        const sha256 = createHash("sha256").update(readFileSync(segment.path)).digest("hex");
        seen.push({ ...segment, sha256, encoding });
      },
      onPlayable: () => {
        playable = seen.length;
      },
    },
  });
  const late = await transcode(file, { out: join(folder, "late"), policy });
  assert.deepEqual(early, late);
  const media = late.files.filter(({ path }) => /\.(mp4|m4s)$/.test(path));
  assert.deepEqual(
    seen.map((segment) => segment.file.path).toSorted(),
    media.map(({ path }) => path),
  );
  for (const { sha256, file: stored } of seen) assert.equal(sha256, stored.sha256);
  assert.ok(seen.every((segment) => segment.encoding));
  assert.deepEqual(new Set(seen.slice(0, playable).map(({ track }) => track)), new Set(["120p", "audio"]));
});

test("an encode that fails leaves no packager behind and nothing on the disk", async () => {
  const file = await clip(folder, "stopped.mp4", pattern("320x180", 5));
  const stop = new AbortController();
  const done = transcode(file, {
    out: join(folder, "stopped"),
    policy,
    signal: stop.signal,
    progressive: { onSegment: () => stop.abort(new Error("enough")) },
  });
  await assert.rejects(done, /enough/);
});

test("the smallest rendition and the sound are handed on first, in their own order", () => {
  const order: string[] = [];
  const handOn = smallestFirst(
    [
      { name: "720p", kind: "video" },
      { name: "240p", kind: "video" },
      { name: "audio", kind: "audio" },
    ],
    {
      onSegment: ({ track, index }) => order.push(`${track} ${index}`),
      onPlayable: () => order.push("playable"),
    },
  );
  const stored = { path: "p", bytes: 1, sha256: "", contentType: "video/mp4", immutable: true };
  for (const [track, index] of [
    ["720p", "init"],
    ["240p", "init"],
    ["720p", 0],
    ["audio", "init"],
    ["240p", 0],
    ["240p", 1],
    ["audio", 0],
    ["720p", 1],
  ] as const)
    handOn({ track, kind: track === "audio" ? "audio" : "video", index, file: stored, path: "/p" });
  assert.deepEqual(order, [
    ...["240p init", "audio init", "240p 0", "240p 1", "audio 0", "playable"],
    ...["720p init", "720p 0", "720p 1"],
  ]);
});

test("a growing file is read to the end that it has when its writer ends; a new beginning is noticed", async () => {
  const path = join(folder, "growing");
  const ended = new AbortController();
  const reader = growingFile(path, ended.signal).getReader();
  await using file = await open(path, "w");
  await file.write("one");
  assert.equal(Buffer.from((await reader.read()).value!).toString(), "one");
  await file.write("two");
  ended.abort();
  assert.equal(Buffer.from((await reader.read()).value!).toString(), "two");
  assert.equal((await reader.read()).done, true);

  const other = growingFile(path, new AbortController().signal).getReader();
  await other.read();
  await file.truncate(1);
  await assert.rejects(other.read(), /begun anew/);
});
