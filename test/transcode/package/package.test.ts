import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { storeText } from "../../../src/transcode/base/stored-file.ts";
import { boxes } from "../../../src/transcode/package/boxes.ts";
import { mediaPlaylist, playlistPath } from "../../../src/transcode/package/hls.ts";
import { packageTrack } from "../../../src/transcode/package/package.ts";
import { transcode } from "../../../src/transcode/transcode.ts";
import { readBack } from "../../../src/transcode/verify/read-back.ts";
import { clip, pattern, policy, scratch } from "../clip.ts";

const folder = await scratch();
const fragments = "-movflags +frag_keyframe+delay_moov+default_base_moof";
const cut = {
  kind: "video" as const,
  framesPerSecond: 30,
  segments: { segment: 30, group: 30, short: 0 },
  endSeconds: 3,
};
const whole = (file: string) => [{ file, start: 0 }];

test("an I-frame playlist covers whole keyframes and nothing else, one a segment", async () => {
  const file = await clip(
    folder,
    "h264.mp4",
    `-f lavfi -i testsrc2=s=160x90:r=30:d=3 -c:v libx264 -preset ultrafast -g 30 ${fragments}`,
  );
  const track = await packageTrack({ ...cut, name: "90p", parts: whole(file) }, { out: folder });
  assert.equal(track.segments.length, 3);
  for (const { file: stored, keyframeBytes } of track.segments) {
    const segment = await readFile(join(folder, stored.path));
    const types: number[] = [];
    let offset = [...boxes(segment)].find(({ type }) => type === "mdat")!.start;
    // ISO/IEC 14496-15: a sample is a row of NAL units, each behind its length.
    for (; offset < keyframeBytes; offset += 4 + segment.readUInt32BE(offset))
      types.push(segment[offset + 4]! & 31);
    assert.equal(offset, keyframeBytes);
    assert.ok(types.includes(5) && !types.includes(1), `NAL units of types ${types}`);
  }
});

test("no stream says which encoder made it, with which settings", async () => {
  const file = await clip(folder, "signed.mp4", pattern("160x90", 1));
  const codecs = ["h264", "hevc", "av1"] as const;
  const out = join(folder, "unsigned");
  const { files } = await transcode(file, {
    out,
    policy: { ...policy, codecs, ladder: [90], profile: "fast" },
  });
  const media = files.filter(({ path }) => /^90p.*\.(m4s|mp4)$/.test(path));
  assert.equal(media.length, 6);
  for (const { path } of media) {
    const text = (await readFile(join(out, path))).toString("latin1");
    assert.doesNotMatch(text, /x264|x265|SVT|Lavc|Lavf|crf/i, path);
  }
});

test("HEVC is hvc1 in the box and in the codec string, also when read back", async () => {
  const file = await clip(
    folder,
    "hevc.mp4",
    `-f lavfi -i testsrc2=s=160x90:r=30:d=1 -c:v libx265 -x265-params log-level=none:keyint=30 -preset ultrafast -tag:v hvc1 ${fragments}`,
  );
  const track = await packageTrack({ ...cut, name: "hevc", parts: whole(file) }, { out: folder });
  assert.match(track.codec, /^hvc1\./);
  const init = await readFile(join(folder, track.init.path));
  const stsd = [...boxes(init)].find(({ type }) => type === "stsd")!;
  assert.equal(init.toString("latin1", stsd.start + 12, stsd.start + 16), "hvc1");
  await storeText(folder, playlistPath(track), mediaPlaylist(track));
  const [read] = await readBack(join(folder, playlistPath(track)), undefined);
  assert.deepEqual([read?.codec, read?.packets.length], [track.codec, 30]);
});
