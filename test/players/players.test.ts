import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import type { Policy } from "../../src/transcode/base/settings.ts";
import type { Manifest } from "../../src/transcode/manifest.ts";
import { transcode } from "../../src/transcode/transcode.ts";
import { policy, scratch } from "../transcode/clip.ts";
import { assertPlayed } from "./assert-played.ts";
import { assertSeeks } from "./assert-seeks.ts";
import { launchBrowser, noBrowser } from "./browser.ts";
import { numberedClip } from "./numbered-clip.ts";
import { openPage } from "./open-page.ts";

/** Of the page, where the function that uses it runs. */
declare const MediaSource: { isTypeSupported(type: string): boolean };

const players = [
  ["hls.js", "master.m3u8"],
  ["shaka", "master.m3u8"],
  ["shaka", "manifest.mpd"],
  ["dash.js", "manifest.mpd"],
] as const;

const folder = await scratch();
let browser: Browser;
const made = new Map<string, Manifest>();
before(async () => {
  if (noBrowser) return;
  browser = await launchBrowser();
  const aloud = await numberedClip(folder, "aloud.mp4", { rate: "30", seconds: 12, sound: "tone" });
  const silent = await numberedClip(folder, "silent.mp4", { rate: "30000/1001", seconds: 5, sound: "none" });
  const three = await numberedClip(folder, "three.mp4", { rate: "30", seconds: 5, sound: "tone" });
  const make = async (name: string, file: string, changed: Partial<Policy>) =>
    made.set(name, await transcode(file, { out: join(folder, name), policy: { ...policy, ...changed } }));
  await make("aloud", aloud, {});
  await make("silent", silent, { ladder: [180] });
  await make("three", three, { codecs: ["h264", "hevc", "av1"], profile: "fast", verification: "keyframes" });
});
after(() => browser?.close());

for (const [player, file] of players) {
  test(`${player}, ${file}: plays to the end, switches up and down, seeks, loops`, {
    skip: noBrowser,
  }, async () => {
    await using page = await openPage(browser, join(folder, "aloud"));
    assert.deepEqual(await page.open(player, file), [120, 180]);
    await page.playThrough([120, 180, 120], 1);
    const seen = await page.seen();
    assertPlayed(seen, made.get("aloud")!);
    const heights = seen.frames.map(({ height }) => height);
    const turns = heights.filter((height, index) => height !== heights[index - 1]);
    assert.deepEqual(turns.slice(-3), [120, 180, 120]);
    await assertSeeks(page, made.get("aloud")!);
    await page.loop();
    assertPlayed({ ...(await page.seen()), ended: true, played: [[0, 12]] }, made.get("aloud")!);
  });

  test(`${player}, ${file}: without sound, one rendition, 29.97 frames a second`, {
    skip: noBrowser,
  }, async () => {
    await using page = await openPage(browser, join(folder, "silent"));
    assert.deepEqual(await page.open(player, file), [180]);
    await page.playThrough([], 2);
    assertPlayed(await page.seen(), made.get("silent")!);
    await assertSeeks(page, made.get("silent")!);
  });

  for (const codec of ["av01", "hvc1"]) {
    test(`${player}, ${file}: ${codec} beside other codecs`, { skip: noBrowser }, async (t) => {
      await using page = await openPage(browser, join(folder, "three"));
      const { codecs } = made.get("three")!.renditions.find(({ codecs }) => codecs.startsWith(codec))!;
      const known = await page.page.evaluate(
        (type) => MediaSource.isTypeSupported(type),
        `video/mp4; codecs="${codecs}"`,
      );
      if (!known) return t.skip("this Chromium has no decoder for it");
      assert.deepEqual(await page.open(player, file, codec), [120, 180]);
      await page.playThrough([180], 2);
      const seen = await page.seen();
      const troubles = seen.troubles.filter(
        (words) => !/Removing Representation with ID \S+-hevc|no supported Representation/.test(words),
      );
      assertPlayed({ ...seen, troubles }, made.get("three")!);
      assert.ok(
        seen.types.some((type) => type.includes(codec)),
        seen.types.join(" "),
      );
      assert.ok(!seen.types.some((type) => type.includes("avc1")), seen.types.join(" "));
    });
  }
}

test("dash.js, whenever it looks whether the manifest's end has come: the video ends, and loops", {
  skip: noBrowser,
}, async () => {
  // Of dash.js 5: how often it looks, milliseconds. Its other intervals count how long the video stands still.
  const often = () => {
    const { setInterval } = globalThis;
    Object.assign(globalThis, {
      setInterval(run: () => void, milliseconds: number) {
        if (milliseconds === 200) Object.assign(globalThis, { looksOften: true });
        return setInterval(run, milliseconds === 200 ? 2 : milliseconds);
      },
    });
  };
  await using page = await openPage(browser, join(folder, "aloud"), often);
  await page.open("dash.js", "manifest.mpd");
  assert.ok(await page.page.evaluate(() => "looksOften" in globalThis));
  await page.playThrough([], 4);
  await page.loop();
  assertPlayed({ ...(await page.seen()), ended: true, played: [[0, 12]] }, made.get("aloud")!);
});
