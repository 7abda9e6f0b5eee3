import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { transcode } from "../../src/transcode/transcode.ts";
import { policy } from "./clip.ts";

const media = process.env.KILN_TEST_MEDIA;
const skip = media ? false : "KILN_TEST_MEDIA names no folder of videos";

type Outcome = { size: string; frames: number; rate: string; range: "sdr" | "hdr"; sound: boolean };
const taken = (
  size: string,
  frames: number,
  rate: string,
  range: "sdr" | "hdr",
  sound: boolean,
): Outcome => ({
  size,
  frames,
  rate,
  range,
  sound,
});

/** What each real file is: the largest rendition of the small test ladder, or why it is refused. */
const outcomes: Record<string, Outcome | string> = {
  "sample_edit_list.mp4": taken("180x320", 77, "30000/1001", "hdr", true),
  "portrait_4k60.mp4": taken("180x320", 18, "60/1", "sdr", true),
  "mv_with_2_top_shots.mp4": taken("180x240", 53, "30/1", "sdr", false),
  "hdr10-video-with-sdr-container.mp4": taken("320x180", 31, "30/1", "hdr", true),
  "sample_rotate_and_reflect.mp4": taken("180x270", 30, "30000/1001", "sdr", true),
  "8k24fps_300ms.mp4": taken("320x180", 8, "24/1", "sdr", true),
  "bear-vp9-odd-dimensions.webm": taken("160x120", 30, "30000/1001", "sdr", false),
  "testsrc2_odd_height_and_width_444.mp4": taken("240x180", 25, "25/1", "sdr", false),
  "lpms-videotest.mp4": taken("180x320", 43, "24000/1001", "sdr", true),
  "lpms-vertical-sample.ts": taken("16x4000", 30, "30/1", "sdr", false),
  "sample_fragmented.mp4": taken("270x180", 32, "30000/1001", "sdr", true),
  "sample_with_invalid_nalu.mp4": taken("270x180", 30, "30000/1001", "sdr", false),
  "lpms-missing-dts.ts": taken("320x180", 120, "60/1", "sdr", false),
  "lpms-bad-cuvid.ts": taken("320x180", 500, "30/1", "sdr", true),
  "nasa_13013.mp4": taken("320x180", 390, "30000/1001", "sdr", true),
  "bbb_2500ms.ts": taken("320x180", 60, "24/1", "sdr", true),
  "sample_audio_only.mp4": "NO_VIDEO_STREAM",
  "lpms-zero-frame.ts": "NO_FRAMES",
  "invalid-bitstream.webm": "CORRUPT",
  "sample_malformed_free_box.mp4": "CORRUPT",
};

for (const [name, expected] of Object.entries(outcomes)) {
  test(`real file: ${name}: ${typeof expected === "string" ? expected : "taken"}`, { skip }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "kiln-real-"));
    try {
      const done = transcode(join(media!, name), { out: join(folder, "out"), policy });
      if (typeof expected === "string") return await assert.rejects(done, { code: expected, final: true });
      const { renditions, frameRate, source, audio } = await done;
      const { width, height, frames } = renditions[0]!;
      assert.deepEqual(
        taken(
          `${width}x${height}`,
          frames,
          `${frameRate.numerator}/${frameRate.denominator}`,
          source.range === "hdr" ? "hdr" : "sdr",
          audio !== null,
        ),
        expected,
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}
