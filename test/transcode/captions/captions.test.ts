import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { programOf } from "../../../src/transcode/base/programs.ts";
import { readCues } from "../../../src/transcode/captions/webvtt.ts";
import { transcode } from "../../../src/transcode/transcode.ts";
import { captionedClip } from "../captioned-clip.ts";
import { clip, policy, scratch } from "../clip.ts";

const run = promisify(execFile);
const kiln = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
const folder = await scratch();
const picture = "-f lavfi -i testsrc2=s=160x90:r=10:d=2";
const written = async (name: string, text: string) => {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
};
const small = { ...policy, ladder: [90], profile: "fast" } as const;
const srt = (text: string) =>
  `1\n00:00:00,500 --> 00:00:01,000\n${text}\n\n2\n00:00:01,500 --> 00:00:09,000\nend\n`;

for (const [container, codec] of [
  ["mp4", "mov_text"],
  ["mkv", "srt"],
  ["webm", "webvtt"],
] as const)
  test(`text tracks of a ${container} become WebVTT, with their languages`, async () => {
    const [english, german] = [await written("en.srt", srt("Hello")), await written("de.srt", srt("Hallo"))];
    const languages = "-metadata:s:s:0 language=eng -metadata:s:s:1 language=ger";
    const video = container === "webm" ? "libvpx -deadline realtime" : "libx264 -preset ultrafast";
    const words = `${picture} -i ${english} -i ${german} -map 0 -map 1 -map 2 -c:v ${video} -c:s ${codec} ${languages}`;
    const file = await clip(folder, `text.${container}`, words);
    const out = join(folder, `out ${container}`);
    const manifest = await transcode(file, { out, policy: small });
    assert.deepEqual(
      manifest.captions.map(({ name, language, label }) => [name, language, label]),
      [
        ["en", "en", "English"],
        ["de", "de", "Deutsch"],
      ],
    );
    assert.deepEqual(manifest.source.lostCaptions, []);
    assert.equal(
      await readFile(join(out, manifest.captions[1]!.path), "utf8"),
      "WEBVTT\n\n00:00:00.500 --> 00:00:01.000\nHallo\n\n00:00:01.500 --> 00:00:02.000\nend\n",
    );
    const listed = new Set(manifest.files.map(({ path }) => path));
    const master = await readFile(join(out, manifest.hls), "utf8");
    const dash = await readFile(join(out, manifest.dash), "utf8");
    for (const { path, playlist, language, label } of manifest.captions) {
      assert.ok(listed.has(path) && listed.has(playlist));
      const line = `#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="${label}",LANGUAGE="${language}",`;
      assert.ok(master.includes(line) && master.includes(`URI="${playlist}"`));
      assert.ok(
        dash.includes(`mimeType="text/vtt" lang="${language}"`) && dash.includes(`<BaseURL>${path}<`),
      );
      const [, name] = /#EXTINF:2,\n(.+)\n#EXT-X-ENDLIST/.exec(await readFile(join(out, playlist), "utf8"))!;
      assert.equal(`captions/${name}`, path);
    }
    for (const [stream] of master.matchAll(/#EXT-X-STREAM-INF:.*/g))
      assert.match(stream, /,SUBTITLES="captions",CLOSED-CAPTIONS=NONE$/);
  });

test("kiln transcode --captions: files beside the video, two in one language", async () => {
  const file = await clip(folder, "plain.mp4", `${picture} -c:v libx264 -preset ultrafast`);
  const first = await written("first.srt", srt("<b>one</b>"));
  const second = await written("second.vtt", "WEBVTT\n\n00:01.000 --> 00:01.500\ntwo\n");
  const out = join(folder, "out plain");
  const environment = { ...process.env, KILN_LADDER: "90", KILN_PROFILE: "fast", KILN_MODERATION: "off" };
  const words = [kiln, "transcode", file, "--out", out, "--captions", `en=${first}`, "--captions"];
  const { stdout } = await run(process.execPath, [...words, `en=${second}`, "--json"], { env: environment });
  const { manifest } = JSON.parse(stdout);
  assert.deepEqual(
    manifest.captions.map(({ name, label }: { name: string; label: string }) => [name, label]),
    [
      ["en", "English"],
      ["en-2", "English 2"],
    ],
  );
  assert.match(await readFile(join(out, manifest.captions[0].path), "utf8"), /<b>one<\/b>/);
  for (const [wrong, message] of [
    [`klingonese-=${first}`, /is no language/],
    [`en=${file}`, /no caption in it/],
    [`en=${join(folder, "missing.vtt")}`, /cannot be read/],
  ] as const)
    await assert.rejects(
      run(process.execPath, [...words.slice(0, -3), "--captions", wrong], { env: environment }),
      ({ code, stderr }: { code: number; stderr: string }) =>
        code === 1 && /^CAPTIONS_INVALID/.test(stderr) && message.test(stderr),
    );
});

test("captions that are pictures are named, and fail nothing", async () => {
  const text = await written("picture.srt", srt("x"));
  const words = `${picture} -i ${text} -map 0 -map 1 -c:v libx264 -preset ultrafast -c:s ass`;
  const known = await clip(folder, "known.mkv", words);
  const file = join(folder, "unknown.mkv");
  const content = await readFile(known, "latin1");
  await writeFile(file, content.replaceAll("S_TEXT/ASS", "S_TEXT/ZZZ"), "latin1");
  const { captions, source } = await transcode(file, { out: join(folder, "out unknown"), policy: small });
  assert.deepEqual([captions, source.lostCaptions], [[], ["unknown"]]);
});

for (const container of ["mp4", "ts"])
  test(`captions in the pictures of a ${container} become WebVTT and leave the pictures`, async () => {
    const captions = [
      { from: 20, until: 40, text: "Hello world" },
      { from: 60, until: 75, text: "Bye" },
    ];
    const stream = await captionedClip(folder, { seconds: 4, captions });
    // A name that means something in a filter graph, and sound that begins before the picture.
    const name = `it's [a], b;c:d=1.${container}`;
    const words = `-f lavfi -i sine=d=5 -itsoffset 1 -i`.split(" ");
    const file = join(folder, name);
    await run(programOf("ffmpeg"), [
      "-v",
      "error",
      "-y",
      ...words,
      stream,
      "-c:v",
      "copy",
      "-c:a",
      "aac",
      file,
    ]);
    const out = join(folder, `out pictures ${container}`);
    const manifest = await transcode(file, { out, policy: small });
    assert.deepEqual(
      manifest.captions.map(({ name, label }) => [name, label]),
      [["und", "Captions"]],
    );
    assert.deepEqual(manifest.source.lostCaptions, []);
    const cues = readCues(await readFile(join(out, manifest.captions[0]!.path), "utf8"));
    assert.deepEqual(
      cues.map(({ text }) => text),
      ["Hello world", "Bye"],
    );
    for (const [index, [start, end]] of [
      [1.8, 2.6],
      [3.4, 4.0],
    ].entries()) {
      assert.ok(Math.abs(cues[index]!.start - start!) < 0.06, `${cues[index]!.start} instead of ${start}`);
      assert.ok(Math.abs(cues[index]!.end - end!) < 0.06, `${cues[index]!.end} instead of ${end}`);
    }
    for (const { path } of manifest.files)
      assert.ok(!(await readFile(join(out, path))).includes("GA94"), `${path} still holds captions`);
  });

test("captions in the pictures that are not CEA-608 are named as lost", async () => {
  const file = await captionedClip(folder, { seconds: 1, captions: [] });
  const { captions, source } = await transcode(file, { out: join(folder, "out no text"), policy: small });
  assert.deepEqual([captions, source.lostCaptions], [[], ["cea-608/708"]]);
});
