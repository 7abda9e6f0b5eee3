import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { convertible } from "../../../src/transcode/plan/convertible.ts";
import { transcode } from "../../../src/transcode/transcode.ts";
import { clip, policy, scratch } from "../clip.ts";

const folder = await scratch();

test("colours that can be converted stay what they are", () => {
  for (const [matrix, transfer] of [
    ["bt2020nc", "smpte2084"],
    ["ictcp", "arib-std-b67"],
    ["bt2020c", "bt2020-10"],
    ["bt709", "linear"],
  ] as const)
    assert.deepEqual(convertible(matrix, transfer), { matrix, transfer });
});

for (const [primaries, transfer, matrix] of [
  ["bt2020", "arib-std-b67", "bt2020c"],
  ["bt2020", "smpte2084", "smpte2085"],
  ["bt2020", "bt709", "ictcp"],
  ["bt2020", "gamma28", "bt2020nc"],
  ["smpte432", "gamma22", "bt709"],
  ["smpte431", "bt1361e", "bt709"],
  ["bt2020", "smpte428", "bt2020nc"],
  ["bt709", "bt709", "ycgco"],
  ["bt709", "bt709", "ictcp"],
] as const)
  test(`rare colour is taken: ${primaries}, ${transfer}, ${matrix}`, async () => {
    const name = `${primaries}-${transfer}-${matrix}`;
    const tags = `-color_primaries ${primaries} -color_trc ${transfer} -colorspace ${matrix}`;
    // On the frames, too: since ffmpeg 8 other tags of the output ask for a conversion.
    const curve = { gamma22: "bt470m", gamma28: "bt470bg" }[transfer as string] ?? transfer;
    const tagged = `format=yuv420p,setparams=color_primaries=${primaries}:color_trc=${curve}:colorspace=${matrix}`;
    const words = `-f lavfi -i testsrc2=s=64x48:r=30:d=0.2 -vf ${tagged} -c:v libx264 -preset ultrafast ${tags}`;
    const file = await clip(folder, `${name}.mp4`, words);
    const { renditions } = await transcode(file, { out: join(folder, name), policy });
    assert.equal(renditions[0]?.frames, 6);
  });
