import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { growingFolder } from "../../src/transcode/package/growing-folder.ts";
import type { GrowingPlaylist } from "../../src/transcode/package/progressive.ts";
import { transcode } from "../../src/transcode/transcode.ts";
import { policy, scratch } from "../transcode/clip.ts";
import { assertPlayed } from "./assert-played.ts";
import { launchBrowser, noBrowser } from "./browser.ts";
import { numberedClip } from "./numbered-clip.ts";
import { openPage } from "./open-page.ts";

const segmentsOf = ({ text }: GrowingPlaylist) => text.split("#EXTINF").length - 1;

/** Writes playlists up to a number of segments, and holds back those that have more. */
function gate(write: (playlist: GrowingPlaylist) => void) {
  let most = 1;
  let held: GrowingPlaylist[] = [];
  const writeOpen = () => {
    const open = (playlist: GrowingPlaylist) => segmentsOf(playlist) <= most;
    for (const playlist of held.filter(open)) write(playlist);
    held = held.filter((playlist) => !open(playlist));
  };
  return {
    add(playlist: GrowingPlaylist) {
      held.push(playlist);
      writeOpen();
    },
    open(segments: number) {
      most = segments;
      writeOpen();
    },
  };
}

test("a folder that grows is played by hls.js from its beginning to its end, whoever comes when", {
  skip: noBrowser,
}, async () => {
  const folder = await scratch();
  const file = await numberedClip(folder, "clip.mp4", { rate: "30", seconds: 12, sound: "tone" });
  await using browser = await launchBrowser();
  await using first = await openPage(browser, join(folder, "served"));
  await using later = await openPage(browser, join(folder, "served"));
  const grown = await growingFolder(join(folder, "served"));
  const playable = Promise.withResolvers<void>();
  const six = Promise.withResolvers<void>();
  const sixths = new Set<string>();
  const playlists = gate((playlist) => {
    grown.onPlaylist(playlist);
    if (playlist.path === "master.m3u8") playable.resolve();
    if (segmentsOf(playlist) === 6) sixths.add(playlist.path);
    if (sixths.size === 3) six.resolve();
  });
  const made = transcode(file, {
    out: join(folder, "out"),
    policy,
    progressive: { onSegment: grown.onSegment, onPlaylist: playlists.add },
  });

  await Promise.race([playable.promise, made]);
  assert.equal((await first.open("hls.js", "master.m3u8"))[0], 120);
  const firstEnds = first.playThrough([], 1);
  await first.frames(1);
  // Of seven: three target durations before the end of these is four seconds after the beginning.
  playlists.open(6);
  await Promise.race([six.promise, made]);
  assert.deepEqual(await later.open("hls.js", "master.m3u8"), [120, 180]);
  const laterEnds = later.playThrough([], 2);
  await later.frames(1);
  playlists.open(Number.POSITIVE_INFINITY);
  const manifest = await made;
  await firstEnds;
  await laterEnds;
  for (const page of [first, later]) {
    const seen = await page.seen();
    // It waits where playlists are held back.
    const troubles = seen.troubles.filter((words) => !/stall/i.test(words));
    assertPlayed({ ...seen, troubles }, manifest);
    assert.ok(seen.frames[0]!.number < 30, `began with frame ${seen.frames[0]!.number}`);
  }
});
