import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { readPlayerAssets, readPlayerTemplate } from "../../src/ic/publish/player-assets.ts";
import { playerPage } from "../../src/ic/publish/player-page.ts";
import { transcode } from "../../src/transcode/transcode.ts";
import { readPublication } from "../../src/workers/stages/publication.ts";
import { clip, pattern, policy, scratch } from "../transcode/clip.ts";
import { launchBrowser, noBrowser } from "./browser.ts";
import { serve } from "./serve.ts";

/** Of the page, where the functions that use it run. */
declare const getComputedStyle: (element: object) => { backgroundImage: string };
declare const document: {
  querySelector(selector: "picture"): object;
  querySelector(selector: ".tile"): {
    hidden: boolean;
    style: { backgroundImage: string; backgroundPosition: string };
  };
};

test("the player page: the seek bar shows the storyboard's picture of the place under the pointer", {
  skip: noBrowser,
}, async () => {
  const root = await scratch();
  const folder = join(root, "v", "clip");
  const file = await clip(root, "clip.mp4", pattern("320x180", 8));
  const { storyboard, duration } = await transcode(file, { out: folder, policy });
  const facts = { id: "clip", attempt: 1, owner: "2vxsx-fae", title: "A clip" };
  const { files, scripts } = await readPlayerAssets();
  for (const { path, source } of files) {
    assert.ok(source.kind === "bytes");
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), source.bytes);
  }
  const page = playerPage(
    await readPlayerTemplate(),
    await readPublication(folder, facts),
    scripts,
    "https://canister.example/v/clip/",
  );
  await writeFile(join(folder, "index.html"), page);

  await using server = await serve({ "": root });
  await using browser = await launchBrowser();
  const tab = await browser.newPage({ viewport: { width: 390, height: 844 } });
  const troubles: string[] = [];
  tab.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") troubles.push(message.text());
  });
  await tab.goto(`${server.url}/v/clip/index.html`);
  const tile = () =>
    tab.evaluate(() => {
      const { hidden, style } = document.querySelector(".tile");
      return { hidden, image: style.backgroundImage, place: style.backgroundPosition };
    });
  const blurred = await tab.evaluate(
    () => getComputedStyle(document.querySelector("picture")).backgroundImage,
  );
  assert.match(blurred, /^url\("data:image\/bmp;base64,Qk/);
  assert.equal((await tile()).hidden, true);
  const bar = (await tab.locator("input").boundingBox())!;
  for (const share of [0.1, 0.7]) {
    await tab.mouse.move(bar.x + share * bar.width, bar.y + bar.height / 2);
    await tab.locator(".tile").waitFor({ state: "visible" });
    const index = Math.floor((share * duration) / storyboard.interval);
    const place = `${-index * storyboard.tileWidth || "-0"}px 0px`.replace("-0px 0px", "0px 0px");
    const shown = await tile();
    assert.deepEqual(shown.place.replaceAll("-0px", "0px"), place);
    assert.ok(shown.image.includes(storyboard.sprite), shown.image);
  }
  const screenshot = process.env.KILN_TEST_SCREENSHOT;
  if (screenshot) await tab.screenshot({ path: screenshot });
  await tab.mouse.move(10, 10);
  await tab.locator(".tile").waitFor({ state: "hidden" });
  assert.deepEqual(troubles, []);
  assert.equal(server.requests.filter(({ path }) => path.endsWith(".vtt")).length, 1);
});
