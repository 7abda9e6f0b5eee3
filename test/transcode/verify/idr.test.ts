import assert from "node:assert/strict";
import { test } from "node:test";
import { EncodedPacketSink, FilePathSource, Input, MP4 } from "mediabunny";
import { isIdr, nalPacking } from "../../../src/transcode/verify/idr.ts";
import { clip, scratch } from "../clip.ts";

const folder = await scratch();

/** Frames, in the order of the file, that open with an IDR picture, and those that the container flags as keyframes. */
async function entryPoints(name: string, encoder: string) {
  const file = await clip(folder, name, `-f lavfi -i testsrc2=s=128x96:r=10:d=3 ${encoder}`);
  using input = new Input({ source: new FilePathSource(file), formats: [MP4] });
  const track = (await input.getPrimaryVideoTrack())!;
  const config = (await track.getDecoderConfig())!;
  const packing = nalPacking((await track.getCodec())!, config.description as Uint8Array)!;
  const found: { idr: number[]; flagged: number[] } = { idr: [], flagged: [] };
  let frame = 0;
  for await (const { data, type } of new EncodedPacketSink(track).packets()) {
    if (isIdr(data, packing)) found.idr.push(frame);
    if (type === "key") found.flagged.push(frame);
    frame++;
  }
  return { ...found, packing };
}

const x264 = "-c:v libx264 -preset ultrafast -sc_threshold 0 -g 10 -keyint_min 10";
const x265 = "-c:v libx265 -preset ultrafast -tag:v hvc1 -g 10 -x265-params log-level=error:scenecut=0";

test("IDR: closed groups of H.264 and HEVC start with one", async () => {
  assert.deepEqual(await entryPoints("closed-h264.mp4", `${x264} -flags +cgop`), {
    idr: [0, 10, 20],
    flagged: [0, 10, 20],
    packing: { codec: "avc", lengthBytes: 4 },
  });
  assert.deepEqual(await entryPoints("closed-hevc.mp4", `${x265}:open-gop=0:keyint=10:min-keyint=10`), {
    idr: [0, 10, 20],
    flagged: [0, 10, 20],
    packing: { codec: "hevc", lengthBytes: 4 },
  });
});

test("IDR: what an open group starts with is none, whatever the container flags", async () => {
  for (const [name, encoder] of [
    ["open-h264.mp4", `${x264} -bf 2 -x264-params open-gop=1`],
    ["open-hevc.mp4", `${x265}:open-gop=1:bframes=2:keyint=10:min-keyint=10`],
  ] as const) {
    const { idr, flagged } = await entryPoints(name, encoder);
    assert.deepEqual(idr, [0], name);
    assert.equal(flagged.length, 3, name);
  }
});

test("IDR: a packet that is damaged is none, and ends", () => {
  const packing = { codec: "avc", lengthBytes: 4 } as const;
  assert.equal(isIdr(new Uint8Array(), packing), false);
  assert.equal(isIdr(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0), packing), false);
  assert.equal(isIdr(Uint8Array.of(255, 255, 255, 255, 6, 1), packing), false);
  assert.equal(nalPacking("av1", new Uint8Array(4)), null);
});
