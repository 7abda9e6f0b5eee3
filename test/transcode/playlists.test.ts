import assert from "node:assert/strict";
import { test } from "node:test";
import { mediaPresentation, sufficient } from "../../src/transcode/package/dash.ts";
import {
  bandwidth,
  keyframePlaylist,
  masterPlaylist,
  mediaPlaylist,
} from "../../src/transcode/package/hls.ts";
import { zeroTimes } from "../../src/transcode/package/init-segment.ts";

const stored = (path: string, bytes: number) => ({
  path,
  bytes,
  sha256: "0".repeat(64),
  contentType: "video/mp4",
  immutable: true,
});
const video = {
  name: "720p",
  kind: "video" as const,
  codec: "avc1.64001f",
  width: 1280,
  height: 720,
  packets: 61,
  init: stored("720p/init-a.mp4", 700),
  segments: [
    { file: stored("720p/0-b.m4s", 250_250), seconds: 2.002, keyframeBytes: 20_020 },
    { file: stored("720p/1-c.m4s", 50_000), seconds: 0.033366666667, keyframeBytes: 50_000 },
  ],
};
const audio = {
  name: "audio",
  kind: "audio" as const,
  codec: "mp4a.40.2",
  packets: 96,
  init: stored("audio/init-d.mp4", 600),
  segments: [{ file: stored("audio/0-e.m4s", 31_744), seconds: 1.984, keyframeBytes: 400 }],
};
const frameRate = { numerator: 30000, denominator: 1001 };

test("bandwidth: a last segment of one frame is no peak", () => {
  assert.deepEqual(bandwidth(video.segments), { peak: 1_180_132, average: 1_180_132 });
});

test("bandwidth: segments that are shorter than half the target duration count together with their neighbours", () => {
  const [first, last] = video.segments;
  const segments = [first!, { ...last!, seconds: 0.9, file: stored("c", 900_000) }];
  assert.deepEqual(bandwidth(segments), { peak: 3_170_917, average: 3_170_917 });
  const target3 = [{ ...first!, seconds: 3 }, ...segments.slice(1), { ...last!, seconds: 0.9 }];
  assert.deepEqual(bandwidth(target3), { peak: 4_222_223, average: 2_000_417 });
});

test("DASH: the bandwidth suffices from any segment on, also where a short one is followed by a large one", () => {
  const segment = (seconds: number, bytes: number) => ({ seconds, file: stored("s", bytes) });
  assert.equal(sufficient([segment(2, 1000), segment(2, 1000)], 2), 4000);
  assert.equal(sufficient([segment(1, 1000), segment(1, 2000), segment(2, 500)], 2), 8000);
  assert.equal(sufficient([segment(2, 100), segment(1, 1000), segment(1, 2000)], 2), 8000);
});

test("HLS: the master playlist, with and without sound", () => {
  assert.equal(
    masterPlaylist([video, { ...video, name: "360p", width: 640, height: 360 }], audio, {
      frameRate,
      captions: [],
    }),
    `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1308132,AVERAGE-BANDWIDTH=1308132,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=29.970,VIDEO-RANGE=SDR,AUDIO="audio",CLOSED-CAPTIONS=NONE
360p/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1308132,AVERAGE-BANDWIDTH=1308132,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,VIDEO-RANGE=SDR,AUDIO="audio",CLOSED-CAPTIONS=NONE
720p/index.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=275214,AVERAGE-BANDWIDTH=275214,CODECS="avc1.64001f",RESOLUTION=640x360,VIDEO-RANGE=SDR,URI="360p/keyframes.m3u8"
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=275214,AVERAGE-BANDWIDTH=275214,CODECS="avc1.64001f",RESOLUTION=1280x720,VIDEO-RANGE=SDR,URI="720p/keyframes.m3u8"
`,
  );
  assert.equal(
    masterPlaylist([video], null, { frameRate, captions: [] }),
    `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=1180132,AVERAGE-BANDWIDTH=1180132,CODECS="avc1.64001f",RESOLUTION=1280x720,FRAME-RATE=29.970,VIDEO-RANGE=SDR,CLOSED-CAPTIONS=NONE
720p/index.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=275214,AVERAGE-BANDWIDTH=275214,CODECS="avc1.64001f",RESOLUTION=1280x720,VIDEO-RANGE=SDR,URI="720p/keyframes.m3u8"
`,
  );
});

test("HLS: the master playlist begins with what a phone should start with", () => {
  const sized = (width: number, height: number) => ({ ...video, name: `${height}`, width, height });
  const order = (...sizes: [number, number][]) => {
    const videos = sizes.map(([width, height]) => sized(width, height));
    const master = masterPlaylist(videos, null, { frameRate, captions: [] });
    return [...master.matchAll(/^(\d+)\/index/gm)].map(([, name]) => Number(name));
  };
  assert.deepEqual(
    order([1920, 1080], [1280, 720], [854, 480], [640, 360], [426, 240]),
    [480, 240, 360, 720, 1080],
  );
  assert.deepEqual(order([1080, 1920], [480, 854], [240, 426]), [854, 426, 1920]);
  assert.deepEqual(order([1280, 720], [640, 360]), [360, 720]);
  assert.deepEqual(order([1920, 1080], [1280, 720]), [720, 1080]);
});

test("HLS: the media playlist", () => {
  assert.equal(
    mediaPlaylist(video),
    `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init-a.mp4"
#EXTINF:2.002,
0-b.m4s
#EXTINF:0.033366666667,
1-c.m4s
#EXT-X-ENDLIST
`,
  );
});

test("HLS: the target duration is the longest segment, rounded to the nearest second, and at least one", () => {
  for (const [seconds, target] of [
    [[1.6, 0.2], 2],
    [[2.4, 1], 2],
    [[2.5, 1], 3],
    [[0.3], 1],
  ] as const) {
    const segments = seconds.map((seconds) => ({ ...video.segments[0]!, seconds }));
    for (const playlist of [mediaPlaylist({ ...video, segments }), keyframePlaylist({ ...video, segments })])
      assert.match(playlist, new RegExp(`^#EXT-X-TARGETDURATION:${target}$`, "m"), `${seconds}`);
  }
});

test("HLS: the playlist of keyframes", () => {
  assert.equal(
    keyframePlaylist(video),
    `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-I-FRAMES-ONLY
#EXT-X-MAP:URI="init-a.mp4"
#EXTINF:2.002,
#EXT-X-BYTERANGE:20020@0
0-b.m4s
#EXTINF:0.033366666667,
#EXT-X-BYTERANGE:50000@0
1-c.m4s
#EXT-X-ENDLIST
`,
  );
});

test("DASH: the manifest over the same segments", () => {
  assert.equal(
    mediaPresentation([video], audio, { frameRate, captions: [] }),
    `<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-main:2011" type="static" mediaPresentationDuration="PT2.036367S" minBufferTime="PT2.002S">
<Period id="0" start="PT0S" duration="PT2.036367S">
<AdaptationSet id="0" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1" frameRate="30000/1001">
<Representation id="720p" codecs="avc1.64001f" bandwidth="1180132" width="1280" height="720" sar="1:1">
<SegmentList timescale="30000">
<Initialization sourceURL="720p/init-a.mp4"/>
<SegmentTimeline><S t="0" d="60060"/><S d="1001"/></SegmentTimeline>
<SegmentURL media="720p/0-b.m4s"/>
<SegmentURL media="720p/1-c.m4s"/>
</SegmentList>
</Representation>
</AdaptationSet>
<AdaptationSet id="1" contentType="audio" mimeType="audio/mp4" segmentAlignment="true" startWithSAP="1">
<Representation id="audio" codecs="mp4a.40.2" bandwidth="128000" audioSamplingRate="48000">
<AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" value="2"/>
<SegmentList timescale="48000">
<Initialization sourceURL="audio/init-d.mp4"/>
<SegmentTimeline><S t="0" d="95232"/></SegmentTimeline>
<SegmentURL media="audio/0-e.m4s"/>
</SegmentList>
</Representation>
</AdaptationSet>
</Period>
</MPD>
`,
  );
});

test("DASH: each codec is a set of its own, each segment an entry in the timeline", () => {
  const renditions = ["720p", "720p-av1", "360p", "360p-av1"].map((name) => ({
    ...video,
    name,
    codec: name.endsWith("av1") ? "av01.0.05M.08" : video.codec,
    segments: [video.segments[0]!, video.segments[0]!, video.segments[1]!],
  }));
  const text = mediaPresentation(renditions, null, { frameRate, captions: [] });
  assert.deepEqual(
    [...text.matchAll(/<AdaptationSet id="(\d)"|<Representation id="([^"]+)"/g)].map(
      ([, set, representation]) => set ?? representation,
    ),
    ["0", "720p", "360p", "1", "720p-av1", "360p-av1"],
  );
  assert.deepEqual(
    new Set(text.match(/<SegmentTimeline>.*<\/SegmentTimeline>/g)),
    new Set(['<SegmentTimeline><S t="0" d="60060"/><S d="60060"/><S d="1001"/></SegmentTimeline>']),
  );
});

test("initialisation segments: times are zeroed in both versions of the box, nothing else", () => {
  const box = (type: string, ...content: Uint8Array[]): Uint8Array => {
    const body = Buffer.concat(content);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(8 + body.length);
    head.write(type, 4, "latin1");
    return Buffer.concat([head, body]);
  };
  const full = (version: number, times: number, timeBytes: number) =>
    Buffer.concat([
      Buffer.from([version, 0, 0, 7]),
      Buffer.alloc(2 * timeBytes, times),
      Buffer.alloc(4, 0x11),
    ]);
  const segment = (times: number) =>
    box(
      "moov",
      box("mvhd", full(0, times, 4)),
      box("trak", box("tkhd", full(1, times, 8)), box("mdia", box("mdhd", full(0, times, 4)))),
      box("udta", full(0, 0x22, 4)),
    );
  assert.deepEqual(Buffer.from(zeroTimes(segment(0x77))), Buffer.from(segment(0)));
});
