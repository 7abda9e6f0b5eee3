import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { programOf } from "../../../src/transcode/base/programs.ts";
import { boxes } from "../../../src/transcode/package/boxes.ts";
import { transcode } from "../../../src/transcode/transcode.ts";
import { clip, pattern, policy, scratch } from "../clip.ts";

const run = promisify(execFile);
const folder = await scratch();

test("one MP4 of the largest rendition: index first, the same frames and sound, the same bytes each time", async () => {
  const file = await clip(folder, "clip.mp4", pattern("320x180", 3));
  const made = () => transcode(file, { out: join(folder, "out"), policy: { ...policy, mp4: "on" } });
  const { mp4, renditions, audio } = await made();
  assert.deepEqual([mp4?.width, mp4?.height], [320, 180]);
  const path = join(folder, "out", mp4!.path);
  const types = [...boxes(await readFile(path))].map(({ type }) => type);
  assert.ok(types.indexOf("moov") < types.indexOf("mdat"), types.join(" "));
  const { stdout, stderr } = await run(programOf("ffprobe"), [
    ..."-v error -count_frames -of csv=p=0 -show_entries".split(" "),
    "stream=codec_name,nb_read_frames:stream_tags=creation_time",
    path,
  ]);
  const [picture, sound] = stdout.trim().split("\n");
  assert.deepEqual([picture, stderr], [`h264,${renditions[0]!.frames}`, ""]);
  assert.match(sound!, /^aac,1[34]\d$/);
  assert.ok(audio!.bytes + renditions[0]!.bytes > mp4!.bytes * 0.9);
  assert.equal((await made()).mp4!.path, mp4!.path);
});
