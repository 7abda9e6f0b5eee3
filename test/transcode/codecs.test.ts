import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { policyOf, TranscodeSettings } from "../../src/transcode/base/settings.ts";
import { plan } from "../../src/transcode/plan/plan.ts";
import { transcode } from "../../src/transcode/transcode.ts";
import { clip, pattern, policy, scratch } from "./clip.ts";
import { source } from "./source.ts";

for (const [setting, expected] of [
  ["h264", ["720p h264 2177", "360p h264 770"]],
  ["av1", ["720p h264 2177", "720p-av1 av1 1850", "360p h264 770", "360p-av1 av1 655"]],
  ["hevc,h264", ["720p h264 2177", "720p-hevc hevc 1524", "360p h264 770", "360p-hevc hevc 539"]],
] as const) {
  test(`codecs: ${setting}: H.264 always, larger sizes first, lower ceilings for better codecs`, () => {
    const settings = TranscodeSettings.parse({ KILN_LADDER: "720,360", KILN_CODECS: setting });
    assert.deepEqual(
      plan(source(), policyOf(settings)).renditions.map(
        ({ name, codec, bitrate }) => `${name} ${codec} ${Math.round(bitrate / 1000)}`,
      ),
      expected,
    );
  });
}

test("codecs: with AV1 no segment is short, since its groups would be short all through", () => {
  const segmentsWith = (codecs: string) =>
    plan(source(), policyOf(TranscodeSettings.parse({ KILN_CODECS: codecs }))).segments;
  assert.deepEqual(segmentsWith("h264,hevc"), { segment: 60, group: 30, short: 2 });
  assert.deepEqual(segmentsWith("h264,av1"), { segment: 60, group: 60, short: 0 });
});

test("codecs: an unknown one is refused", () => {
  assert.throws(() => TranscodeSettings.parse({ KILN_CODECS: "h264,vp9" }));
});

test("codecs: all three are encoded, packaged and decoded again", async () => {
  const folder = await scratch();
  const file = await clip(folder, "clip.mp4", pattern("320x180", 1));
  const codecs = ["h264", "hevc", "av1"] as const;
  const { renditions } = await transcode(file, {
    out: join(folder, "out"),
    policy: { ...policy, ladder: [180], codecs, profile: "fast", verification: "keyframes" },
  });
  assert.deepEqual(
    renditions.map(({ name, codecs }) => `${name} ${codecs.slice(0, 4)}`),
    ["180p avc1", "180p-hevc hvc1", "180p-av1 av01"],
  );
});
