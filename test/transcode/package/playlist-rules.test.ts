import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { before, test } from "node:test";
import type { Manifest } from "../../../src/transcode/manifest.ts";
import { transcode } from "../../../src/transcode/transcode.ts";
import { readBack } from "../../../src/transcode/verify/read-back.ts";
import { clip, policy, scratch } from "../clip.ts";

const folder = await scratch();
const made = new Map<string, Manifest>();
before(async () => {
  // 29.97 frames a second, and a last segment of a frame or two: where rounding shows.
  const picture = "-f lavfi -i testsrc2=s=320x180:r=30000/1001:d=6.04";
  const encoder = "-c:v libx264 -preset ultrafast";
  const aloud = await clip(folder, "aloud.mp4", `${picture} -f lavfi -i sine=d=6.04 ${encoder}`);
  const silent = await clip(folder, "silent.mp4", `${picture} ${encoder}`);
  const make = async (name: string, file: string, changed: object) =>
    made.set(name, await transcode(file, { out: join(folder, name), policy: { ...policy, ...changed } }));
  await make("h264", aloud, {});
  await make("silent", silent, { ladder: [180] });
  await make("all codecs", aloud, { codecs: ["h264", "hevc", "av1"], ladder: [180], profile: "fast" });
});

type Entry = { seconds: number; file: string; bytes: number };
const text = (video: string, path: string) => readFileSync(join(folder, video, path), "utf8");
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

/** Entries of a media playlist, as large as their file or their range of it. */
function entriesOf(video: string, playlist: string): Entry[] {
  const matches = text(video, playlist).matchAll(/#EXTINF:([\d.]+),\n(?:#EXT-X-BYTERANGE:(\d+)@0\n)?(.+)/g);
  return [...matches].map(([, seconds, range, name]) => {
    const file = join(folder, video, dirname(playlist), name!);
    return { seconds: Number(seconds), file, bytes: range ? Number(range) : statSync(file).size };
  });
}

const target = (entries: readonly Entry[]) => Math.max(...entries.map(({ seconds }) => Math.round(seconds)));
const rateOf = (entries: readonly Entry[]) =>
  (8 * sum(entries.map(({ bytes }) => bytes))) / sum(entries.map(({ seconds }) => seconds));

/** Every contiguous set of segments that counts towards the peak. */
function peakOf(entries: readonly Entry[]): number {
  const runs = entries.flatMap((_, start) =>
    entries.slice(start).map((_, length) => entries.slice(start, start + length + 1)),
  );
  const counted = runs.filter((run) => {
    const seconds = sum(run.map(({ seconds }) => seconds));
    return seconds >= 0.5 * target(entries) && seconds <= 1.5 * target(entries);
  });
  return Math.max(rateOf(entries), ...counted.map(rateOf));
}

/** Lines of one tag, as their attributes. */
function attributesOf(playlist: string, tag: string): Record<string, string>[] {
  return [...playlist.matchAll(new RegExp(`^#${tag}:(.*)$`, "gm"))].map(([, line]) =>
    Object.fromEntries(
      [...line!.matchAll(/([A-Z-]+)=("[^"]*"|[^",]+)/g)].map(([, key, value]) => [
        key,
        value!.replaceAll('"', ""),
      ]),
    ),
  );
}

for (const video of ["h264", "silent", "all codecs"]) {
  const playlists = () => {
    const { renditions, audio } = made.get(video)!;
    const media = [...renditions.map(({ playlist }) => playlist), ...(audio ? [audio.playlist] : [])];
    return { media, scrubbing: renditions.map(({ name }) => `${name}/keyframes.m3u8`) };
  };

  test(`HLS rules, ${video}: media playlists`, () => {
    const { renditions, frameRate } = made.get(video)!;
    const { media, scrubbing } = playlists();
    for (const playlist of [...media, ...scrubbing]) {
      const lines = text(video, playlist).split("\n");
      const entries = entriesOf(video, playlist);
      assert.equal(lines[0], "#EXTM3U");
      assert.equal(lines.at(-2), "#EXT-X-ENDLIST");
      // RFC 8216, 7: EXT-X-MAP in a playlist without EXT-X-I-FRAMES-ONLY asks for 6, byte ranges for 4.
      assert.ok(lines.includes("#EXT-X-VERSION:6"));
      // 4.3.3.1: "The EXTINF duration ..., when rounded to the nearest integer, MUST be less than or equal to".
      assert.ok(lines.includes(`#EXT-X-TARGETDURATION:${target(entries)}`));
      assert.equal(lines.filter((line) => line.startsWith("#EXT-X-MAP:")).length, 1);
      for (const { file, bytes } of entries) assert.ok(bytes > 0 && bytes <= statSync(file).size, file);
      assert.equal(lines.includes("#EXT-X-I-FRAMES-ONLY"), scrubbing.includes(playlist));
    }
    for (const { playlist, frames } of renditions) {
      const seconds = (frames * frameRate.denominator) / frameRate.numerator;
      for (const path of [playlist, join(dirname(playlist), "keyframes.m3u8")])
        assert.ok(Math.abs(sum(entriesOf(video, path).map(({ seconds }) => seconds)) - seconds) < 1e-9, path);
    }
  });

  test(`HLS rules, ${video}: the master says of every rendition what is so`, async () => {
    const master = text(video, "master.m3u8");
    const { renditions, audio, frameRate } = made.get(video)!;
    assert.match(master, /^#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n/);
    const sound = attributesOf(master, "EXT-X-MEDIA");
    assert.deepEqual(
      sound.map(({ "GROUP-ID": id, URI: uri }) => [id, uri]),
      audio ? [["audio", audio.playlist]] : [],
    );
    const heard = audio ? entriesOf(video, audio.playlist) : null;
    const streams = attributesOf(master, "EXT-X-STREAM-INF");
    const uris = [...master.matchAll(/^[^#\n].*$/gm)].map(([uri]) => uri);
    const expected = [];
    // To start with: the largest of at most 480 lines; then the others, smallest first.
    const start = renditions.find(({ width, height }) => Math.min(width, height) <= 480);
    const listed = [start!, ...renditions.toReversed().filter((other) => other !== start)];
    for (const { playlist, width, height } of listed) {
      const seen = entriesOf(video, playlist);
      const tracks = await readBack(join(folder, video, playlist), undefined);
      const [peak, average] = [peakOf, rateOf].map(
        (rate) => Math.ceil(rate(seen)) + (heard ? Math.ceil(rate(heard)) : 0),
      );
      expected.push({
        BANDWIDTH: String(peak),
        "AVERAGE-BANDWIDTH": String(average),
        CODECS: [tracks[0]!.codec, ...(audio ? [audio.codecs] : [])].join(","),
        RESOLUTION: `${width}x${height}`,
        "FRAME-RATE": (frameRate.numerator / frameRate.denominator).toFixed(3),
        "VIDEO-RANGE": "SDR",
        ...(audio ? { AUDIO: "audio" } : {}),
        "CLOSED-CAPTIONS": "NONE",
      });
    }
    assert.deepEqual(streams, expected);
    assert.deepEqual(
      uris,
      listed.map(({ playlist }) => playlist),
    );
    const scrubbing = attributesOf(master, "EXT-X-I-FRAME-STREAM-INF");
    assert.deepEqual(
      scrubbing.map(({ URI, BANDWIDTH, CODECS }) => ({ URI, BANDWIDTH, CODECS })),
      listed.map(({ name, codecs }) => {
        const URI = `${name}/keyframes.m3u8`;
        return { URI, BANDWIDTH: String(Math.ceil(peakOf(entriesOf(video, URI)))), CODECS: codecs };
      }),
    );
  });

  test(`DASH rules, ${video}: what the schema requires, exact timelines, bandwidths that suffice`, () => {
    const { renditions, audio, frameRate, duration } = made.get(video)!;
    const manifest = text(video, "manifest.mpd");
    const head = /<MPD ([^>]*)>/.exec(manifest)![1]!;
    // ISO/IEC 23009-1, 5.3.1.2: profiles and minBufferTime are mandatory, mediaPresentationDuration for a static one.
    for (const name of ["xmlns", "profiles", "type", "minBufferTime", "mediaPresentationDuration"])
      assert.match(head, new RegExp(`\\b${name}="[^"]+"`));
    const seconds = (name: string) => Number(new RegExp(`${name}="PT([\\d.]+)S"`).exec(head)?.[1]);
    // Longer than the picture, which the sound outlasts by less than a frame of AAC.
    const over = seconds("mediaPresentationDuration") - duration;
    assert.ok(over > 0.0009 && over < (audio ? 1024 / 48_000 : 0) + 0.0011, `${over} s`);
    const sets = [
      ...manifest.matchAll(/<AdaptationSet id="(\d+)" contentType="(\w+)".*?<\/AdaptationSet>/gs),
    ];
    assert.deepEqual(
      sets.map(([, id]) => id),
      sets.map((_, index) => String(index)),
    );
    const ids: string[] = [];
    for (const [set, , kind] of sets) {
      const codecs = new Set<string>();
      for (const [representation] of set.matchAll(/<Representation .*?<\/Representation>/gs)) {
        const [, id, codec, bandwidth] = /id="([^"]+)" codecs="([^".]+)[^"]*" bandwidth="(\d+)"/.exec(
          representation,
        )!;
        ids.push(id!);
        codecs.add(codec!);
        const timescale = Number(/timescale="(\d+)"/.exec(representation)![1]);
        assert.equal(timescale, kind === "video" ? frameRate.numerator : 48_000);
        const lengths = [...representation.matchAll(/<S (?:t="0" )?d="(\d+)"\/>/g)].map(([, d]) => Number(d));
        const files = [...representation.matchAll(/<SegmentURL media="([^"]+)"/g)].map(([, name]) =>
          join(folder, video, name!),
        );
        assert.ok(files.every((file) => existsSync(file)));
        assert.equal(files.length, lengths.length);
        const frames = renditions.find(({ name }) => name === id)?.frames;
        if (frames) assert.equal(sum(lengths), frames * frameRate.denominator);
        // 5.3.5.2, @bandwidth: delivered at it from minBufferTime before, everything is there when it is played.
        let bits = 0;
        let start = 0;
        for (const [index, file] of files.entries()) {
          bits += 8 * statSync(file).size;
          assert.ok(bits / Number(bandwidth) <= start / timescale + seconds("minBufferTime"), file);
          start += lengths[index]!;
        }
      }
      assert.equal(codecs.size, 1, "a set has one codec");
    }
    assert.deepEqual(
      ids.toSorted(),
      [...renditions.map(({ name }) => name), ...(audio ? ["audio"] : [])].toSorted(),
    );
  });
}
