import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { pictureStatistics, posterScore } from "../../../src/transcode/pictures/poster-score.ts";
import { storyboardCues } from "../../../src/transcode/pictures/storyboard.ts";
import { thumbhash } from "../../../src/transcode/pictures/thumbhash.ts";
import { picturePlan } from "../../../src/transcode/plan/picture-plan.ts";
import { transcode } from "../../../src/transcode/transcode.ts";
import { clip, policy, scratch } from "../clip.ts";

const folder = await scratch();

test("frames: twelve for the poster, a tile a second, three seconds at ten a second from a quarter in", () => {
  assert.deepEqual(picturePlan({ width: 1920, height: 1080 }, 900, 30), {
    poster: { width: 1280, height: 720, first: 0, step: 75, count: 12 },
    storyboard: { width: 160, height: 90, first: 0, step: 30, count: 30 },
    preview: { width: 320, height: 180, first: 202, step: 3, count: 30 },
  });
});

test("frames: an hour has at most a hundred tiles, a single frame one of everything", () => {
  const hour = picturePlan({ width: 1080, height: 1920 }, 3600 * 25, 25);
  assert.deepEqual(hour.storyboard, { width: 90, height: 160, first: 0, step: 900, count: 100 });
  assert.deepEqual(picturePlan({ width: 16, height: 16 }, 1, 60), {
    poster: { width: 16, height: 16, first: 0, step: 1, count: 1 },
    storyboard: { width: 16, height: 16, first: 0, step: 60, count: 1 },
    preview: { width: 16, height: 16, first: 0, step: 6, count: 1 },
  });
});

test("poster: a sharp scene beats the same scene blurred or dark, a title card, black and white", () => {
  const size = { width: 160, height: 96 };
  const scoreOf = (brightness: (x: number, y: number) => number) => {
    const pixels = Uint8Array.from({ length: size.width * size.height }, (_, at) =>
      brightness(at % size.width, Math.floor(at / size.width)),
    );
    return posterScore(pictureStatistics({ ...size, pixels }));
  };
  const scene = (x: number, y: number) =>
    128 + 60 * Math.sin(x / 9) * Math.cos(y / 7) + ((x * 7 + y * 13) % 40);
  const smooth = (x: number, y: number) => 148 + 60 * Math.sin(x / 9) * Math.cos(y / 7);
  const letters = (x: number, y: number) => (y > 40 && y < 56 && x > 40 && x < 120 && x % 6 < 3 ? 240 : 30);
  const best = scoreOf(scene);
  const others = {
    blurred: scoreOf(smooth),
    dark: scoreOf((x, y) => scene(x, y) / 12),
    "title card": scoreOf(letters),
    black: scoreOf(() => 0),
    white: scoreOf(() => 255),
  };
  for (const [name, score] of Object.entries(others))
    assert.ok(score < best / 2, `${name}: ${score} of ${best}`);
});

test("thumbhash: as its author's implementation (0.1.1) gives it", () => {
  const picture = (width: number, height: number, color: (x: number, y: number) => number[]) =>
    thumbhash(
      Uint8Array.from(
        Array.from({ length: width * height }, (_, at) => color(at % width, Math.floor(at / width))).flat(),
      ),
      { width, height },
    );
  assert.equal(
    picture(40, 30, (x, y) => [x * 6, y * 8, 128]),
    "ngcKNZhwd3eAiIh3iHiIiHCAB/eI",
  );
  assert.equal(
    picture(20, 60, (x, y) => [(x * y) % 256, 255 - x * 10, (x + y * 3) % 256]),
    "HokJOhxrcGiHhoZ3bH8GZmc=",
  );
  assert.equal(
    picture(1, 100, (_, y) => [y * 2, 0, 255]),
    "ncE6mTEIh4h4h4iH94eHQIg=",
  );
});

test("storyboard: cues follow each other and end with the video", () => {
  assert.equal(
    storyboardCues("sprite-a.jpg", { width: 90, height: 160 }, { tiles: 2, interval: 1.001, duration: 1.5 }),
    `WEBVTT

00:00:00.000 --> 00:00:01.001
sprite-a.jpg#xywh=0,0,90,160

00:00:01.001 --> 00:00:01.500
sprite-a.jpg#xywh=90,0,90,160
`,
  );
});

test("a clip of black, a title card, a blurred and a sharp scene: the poster is sharp, in true colours", async () => {
  const part = (name: string, words: string) =>
    clip(folder, name, `${words} -t 1 -c:v libx264 -preset ultrafast -crf 12 -pix_fmt yuv420p`);
  const red = "-f lavfi -i mandelbrot=s=320x180:r=30 -vf drawbox=0:0:100:100:0xe01020:fill";
  const parts = [
    await part("1.mp4", "-f lavfi -i color=black:s=320x180:r=30"),
    await part("2.mp4", "-f lavfi -i color=navy:s=320x180:r=30 -vf drawbox=100:80:120:20:white:fill"),
    await part("3.mp4", `${red},boxblur=8`),
    await part("4.mp4", red),
  ];
  const inputs = parts.map((path) => `-i ${path}`).join(" ");
  const tags = "-color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709";
  const joined = await clip(
    folder,
    "scenes.mp4",
    `${inputs} -filter_complex concat=n=4,scale=out_color_matrix=bt709:out_range=tv -c:v libx264 -preset ultrafast -crf 12 ${tags}`,
  );
  const out = join(folder, "scenes");
  const { posterTime, posters, storyboard, preview, files } = await transcode(joined, { out, policy });
  assert.ok(posterTime >= 3, `the poster is from ${posterTime} s`);
  for (const { path, type } of posters) {
    const [r = 0, g = 0, b = 0] = await sharp(join(out, path))
      .extract({ left: 20, top: 20, width: 4, height: 4 })
      .removeAlpha()
      .raw()
      .toBuffer();
    const off = Math.max(Math.abs(r - 0xe0), Math.abs(g - 0x10), Math.abs(b - 0x20));
    assert.ok(off < 14, `${type}: red became ${r}, ${g}, ${b}`);
  }
  assert.deepEqual([storyboard.tiles, storyboard.interval], [4, 1]);
  const sprite = await sharp(join(out, storyboard.sprite)).metadata();
  assert.deepEqual([sprite.width, sprite.height], [4 * storyboard.tileWidth, storyboard.tileHeight]);
  assert.match(await readFile(join(out, storyboard.vtt), "utf8"), /^WEBVTT\n/);
  const moving = await sharp(join(out, preview.path), { animated: true }).metadata();
  // Frames that do not differ are stored as one that is shown longer.
  const shown = moving.delay?.reduce((sum, milliseconds) => sum + milliseconds, 0);
  assert.deepEqual([shown, moving.pageHeight, moving.loop], [3000, 180, 0]);
  assert.equal(preview.duration, 3);
  assert.equal(files.find(({ path }) => path === storyboard.vtt)?.contentType, "text/vtt");
});
