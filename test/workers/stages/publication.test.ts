import assert from "node:assert/strict";
import { test } from "node:test";
import type { Manifest } from "../../../src/transcode/manifest.ts";
import { readPublication, toPublication } from "../../../src/workers/stages/publication.ts";

const facts = { id: "a1", attempt: 2, owner: "2vxsx-fae", title: "T" };
const manifest = {
  duration: 4.0049,
  audio: null,
  analysis: null,
  renditions: [
    {
      name: "720p",
      width: 720,
      height: 1280,
      codecs: "avc1.64001f",
      bandwidth: 3_000_000,
      averageBandwidth: 2_500_000,
      bytes: 1_250_000,
      frames: 120,
      playlist: "720p/playlist.m3u8",
    },
  ],
  hls: "master.m3u8",
  dash: "manifest.mpd",
  posters: [{ path: "posters/1.jpg", width: 720, height: 1280, type: "image/jpeg" }],
  thumbhash: "AAAA",
  files: [
    { path: "720p/0-ab.m4s", bytes: 1, sha256: "cd".repeat(32), contentType: "video/mp4", immutable: true },
  ],
} as unknown as Manifest;

test("publication: what the canisters are told of a transcoded folder", () => {
  assert.deepEqual(toPublication(manifest, "ab".repeat(32), facts), {
    ...facts,
    durationMs: 4005,
    width: 720,
    height: 1280,
    moderation: "unchecked",
    sound: "none",
    renditions: [
      {
        name: "720p",
        width: 720,
        height: 1280,
        bandwidth: 3_000_000,
        codecs: "avc1.64001f",
        bytes: 1_250_000,
      },
    ],
    hls: "master.m3u8",
    dash: "manifest.mpd",
    posters: [{ path: "posters/1.jpg", width: 720, height: 1280, type: "image/jpeg" }],
    thumbhash: "AAAA",
    files: [
      { path: "720p/0-ab.m4s", contentType: "video/mp4", immutable: true },
      { path: "manifest.json", contentType: "application/json", immutable: false },
    ],
    manifestSha256: "ab".repeat(32),
  });
});

test("publication: what was seen in the pictures goes along", () => {
  const seen = (verdict: string) => ({ ...manifest, analysis: { moderation: { verdict } } }) as Manifest;
  assert.deepEqual(
    ["clear", "unsafe", "banned"].map(
      (verdict) => toPublication(seen(verdict), "ab".repeat(32), facts).moderation,
    ),
    ["safe", "unsafe", "unsafe"],
  );
});

test("publication: a path that leaves the folder is refused", () => {
  for (const path of ["../secret", "/etc/passwd", "a/../b", ".env", "a//b"]) {
    const files = [{ ...manifest.files[0]!, path }];
    assert.throws(() => toPublication({ ...manifest, files }, "ab".repeat(32), facts), /plain names/, path);
  }
});

test("publication: a folder without a manifest is refused", async () => {
  await assert.rejects(readPublication("/nonexistent", facts), { code: "NO_MANIFEST" });
});
