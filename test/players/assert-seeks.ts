import assert from "node:assert/strict";
import type { Manifest } from "../../src/transcode/manifest.ts";
import { segmentStart } from "../../src/transcode/plan/segment-grid.ts";
import type { openPage } from "./open-page.ts";

/** Browsers cut times to these; a few more, so that a frame has begun. */
const microseconds = 5e-6;

/** Where segments begin, and between: the frame that is shown there. */
export async function assertSeeks(
  page: Awaited<ReturnType<typeof openPage>>,
  manifest: Manifest,
): Promise<void> {
  const { numerator, denominator } = manifest.frameRate;
  const { segments, renditions } = manifest;
  const grid = {
    segment: segments.others,
    group: segments.first[0] ?? segments.others,
    short: segments.first.length,
  };
  const last = renditions[0]!.frames - 1;
  const starts = [3, 1, 2, 0].map((index) => segmentStart(grid, index));
  const frames = [last, ...starts.flatMap((start) => [start, start + 1.5, Math.max(0, start - 0.5)])];
  const shown: number[] = [];
  for (const frame of frames)
    shown.push(await page.seek((frame * denominator) / numerator + microseconds, denominator / numerator));
  assert.deepEqual(shown, frames.map(Math.floor));
}
