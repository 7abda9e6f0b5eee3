import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { generateClips } from "../../src/cli/demo/demo-clips.ts";
import { launchBrowser, noBrowser } from "../players/browser.ts";
import { processesWith } from "./processes.ts";
import { runDemo } from "./run-demo.ts";

/** Of the page, where the functions that use it run. */
declare const document: {
  querySelector(selector: "video"): { currentTime: number; videoWidth: number; error?: { message: string } };
  querySelector(selector: ".trouble[role=alert]"): { hidden: boolean };
};

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "kiln-play-"));
});
after(() => rm(folder, { recursive: true, force: true }));

test("a browser plays the video from the canister: its time advances, no error is logged", {
  skip: noBrowser,
}, async () => {
  const [landscape] = await generateClips(folder);
  await using demo = runDemo(landscape!);
  const { videos } = await demo.report;
  const url = videos[0]?.url;
  assert.ok(url, demo.log());

  const chrome = await launchBrowser();
  try {
    const page = await chrome.newPage({ viewport: { width: 390, height: 844 } });
    const troubles: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") troubles.push(message.text());
    });
    page.on("pageerror", (error) => troubles.push(String(error)));
    page.on("requestfailed", (request) => troubles.push(`${request.url()} failed`));
    page.on("response", (response) => {
      if (response.status() >= 400) troubles.push(`${response.url()}: ${response.status()}`);
    });
    const segments: string[] = [];
    page.on("response", (response) => {
      if (response.url().endsWith(".m4s")) segments.push(response.url());
    });
    await page.goto(url);
    await page.waitForFunction(() => document.querySelector("video").currentTime > 2, undefined, {
      timeout: 60_000,
    });
    const state = await page.evaluate(() => ({
      error: document.querySelector("video").error?.message ?? null,
      width: document.querySelector("video").videoWidth,
      trouble: !document.querySelector(".trouble[role=alert]").hidden,
    }));
    assert.equal(state.error, null);
    assert.equal(state.trouble, false);
    assert.ok(state.width > 0, "it has a picture");
    assert.ok(segments.length > 0, "hls.js fetched segments");
    const screenshot = process.env.KILN_TEST_SCREENSHOT;
    if (screenshot) await page.screenshot({ path: screenshot });
    assert.deepEqual(troubles, []);
  } finally {
    await chrome.close();
  }
  demo.child.kill("SIGINT");
  assert.equal(await demo.ended, 0, demo.log());
  assert.deepEqual(await processesWith(demo.mark), []);
});
