import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { programOf } from "../../../src/transcode/base/programs.ts";
import { growingFile } from "../../../src/transcode/package/growing-file.ts";
import { growingFolder } from "../../../src/transcode/package/growing-folder.ts";
import { type ReadySegment, smallestFirst } from "../../../src/transcode/package/progressive.ts";
import { transcode } from "../../../src/transcode/transcode.ts";
import { readHls } from "../../../src/transcode/verify/playlist-text.ts";
import { changingSound } from "../changing-sound.ts";
import { clip, pattern, policy, scratch } from "../clip.ts";

const run = promisify(execFile);
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

test("the folder that grows can be played at every moment, and at the end it is the finished video", async () => {
  const file = await clip(folder, "growing.mp4", pattern("640x360", 8));
  const served = join(folder, "served");
  const { discard, ...grown } = await growingFolder(served);
  const masters: string[][] = [];
  let watched: Promise<{ stderr: string }> | undefined;
  const lengths = new Map<string, number[]>();
  const finished = await transcode(file, {
    out: join(folder, "grown"),
    policy,
    progressive: {
      ...grown,
      onPlaylist: (playlist) => {
        grown.onPlaylist(playlist);
        const { uris, seconds } = readHls(readFileSync(join(served, playlist.path), "utf8"));
        for (const uri of uris) assert.ok(existsSync(join(served, dirname(playlist.path), uri)), uri);
        if (playlist.path === "master.m3u8") masters.push(uris);
        else lengths.set(playlist.path, [...(lengths.get(playlist.path) ?? []), seconds.length]);
      },
      onPlayable: () => {
        // A player that comes now sees all of it, waiting for what is to come.
        const words = [
          "-nostdin",
          "-hide_banner",
          "-live_start_index",
          "0",
          "-i",
          join(served, "master.m3u8"),
        ];
        watched = run(programOf("ffmpeg"), [...words, "-map", "0:v:0", "-map", "0:a:0", "-f", "null", "-"]);
        const text = readFileSync(join(served, "120p/index.m3u8"), "utf8");
        assert.match(text, /TARGETDURATION:2\n.*PLAYLIST-TYPE:EVENT\n#EXT-X-START:TIME-OFFSET=0\n/s);
        assert.doesNotMatch(text, /ENDLIST/);
      },
    },
  });
  assert.match((await watched!).stderr, /frame= *240 .*time=00:00:0[78]/);
  // First the smallest alone, then all, of which players start with the largest of at most 480 lines.
  assert.deepEqual(masters, [
    ["120p/index.m3u8", "audio/index.m3u8"],
    ["180p/index.m3u8", "120p/index.m3u8", "audio/index.m3u8"],
  ]);
  for (const { playlist } of [...finished.renditions, finished.audio!]) {
    // Segment by segment, and once more with its end.
    assert.deepEqual(lengths.get(playlist), [1, 2, 3, 4, 5, 5]);
    const [whole, growing] = ["grown", "served"].map((name) =>
      readFileSync(join(folder, name, playlist), "utf8"),
    );
    assert.equal(growing, whole!.replace("VOD", "EVENT\n#EXT-X-START:TIME-OFFSET=0"));
  }
  discard();
  assert.equal(existsSync(served), false);
});

test("sound that changes its channels is mixed beside the picture: its segments leave during the encode, too", async () => {
  const file = await changingSound(folder);
  let encoding = true;
  const seen: string[] = [];
  const early = await transcode(file, {
    out: join(folder, "early changing"),
    policy,
    onProgress: ({ stage }) => {
      encoding = stage === "probe" || stage === "encode";
    },
    progressive: { onSegment: ({ track }) => encoding && seen.push(track) },
  });
  assert.ok(seen.includes("audio"));
  assert.deepEqual(early, await transcode(file, { out: join(folder, "late changing"), policy }));
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
  const file = { path: "p", bytes: 1, sha256: "", contentType: "video/mp4", immutable: true };
  const segment = { file, path: "/p", codec: "avc1", seconds: 1, keyframeBytes: 1 };
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
    handOn({ ...segment, track, kind: track === "audio" ? "audio" : "video", index });
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
  await assert.rejects(other.read(), /written again/);
});
