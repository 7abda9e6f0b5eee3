import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { conversion } from "../../../src/transcode/plan/color.ts";
import { toneMapTable } from "../../../src/transcode/plan/tone-map.ts";
import { transcode } from "../../../src/transcode/transcode.ts";
import { clip, policy, scratch } from "../clip.ts";

const folder = await scratch();
const color = [0xc0, 0x30, 0x20];
const h264 = "-c:v libx264 -preset ultrafast -crf 5";
const scale = (matrix: string, range: string) =>
  `-vf scale=out_color_matrix=${matrix}:out_range=${range},format=yuv420p`;

/** However a source writes a colour down, it is the same colour in the end. */
for (const [name, size, options] of [
  ["BT.709", "320x180", `${scale("bt709", "tv")} ${h264} -colorspace bt709 -color_range tv`],
  ["BT.709, full range", "320x180", `${scale("bt709", "pc")} ${h264} -colorspace bt709 -color_range pc`],
  ["BT.601", "320x180", `${scale("bt601", "tv")} ${h264} -colorspace smpte170m -color_range tv`],
  ["untagged, small", "320x180", `${scale("bt601", "tv")} ${h264}`],
  ["untagged, large", "1280x720", `${scale("bt709", "tv")} ${h264}`],
  ["RGB", "320x180", "-vf format=gbrp -c:v libx264rgb -preset ultrafast -crf 5"],
] as const) {
  test(`colour: ${name}`, async () => {
    const words = `-f lavfi -i color=c=0xC03020:s=${size}:r=25:d=0.4,format=gbrp ${options}`;
    const out = join(folder, name);
    const { posters } = await transcode(await clip(folder, `${name}.mkv`, words), { out, policy });
    const poster = join(out, posters.find(({ type }) => type === "image/jpeg")!.path);
    const { channels } = await sharp(poster).stats();
    const seen = channels.map(({ mean }) => Math.round(mean));
    assert.ok(
      seen.every((value, index) => Math.abs(value - color[index]!) <= 3),
      `${color} became ${seen}`,
    );
  });
}

const size = { width: 1920, height: 1080 };
const color709 = { matrix: "bt709", transfer: "bt709", primaries: "bt709", range: "tv" as const };
test("conversion: HDR that names only its transfer counts as BT.2020, Display P3 is wide", () => {
  assert.deepEqual(
    conversion({ matrix: null, transfer: "smpte2084", primaries: null, range: null }, size, "/maps"),
    {
      kind: "hdr",
      primaries: "bt2020",
      matrix: "bt2020nc",
      transfer: "smpte2084",
      range: "tv",
      peak: 1000,
      table: "/maps/smpte2084-bt2020-1000.cube",
    },
  );
  assert.deepEqual(conversion({ ...color709, primaries: "smpte432" }, size, "/maps"), {
    kind: "wide",
    primaries: "smpte432",
    matrix: "bt709",
    transfer: "bt709",
    range: "tv",
  });
  assert.deepEqual(conversion(color709, size, "/maps"), { kind: "sdr", from: "tagged", matrix: "kept" });
  assert.deepEqual(conversion({ ...color709, matrix: "smpte170m" }, size, "/maps"), {
    kind: "sdr",
    from: "tagged",
    matrix: "converted",
  });
  assert.deepEqual(
    conversion({ matrix: null, transfer: null, primaries: null, range: null }, size, "/maps"),
    {
      kind: "sdr",
      from: { matrix: "bt709", range: "tv" },
      matrix: "kept",
    },
  );
});

test("the peak of PQ is what the file states, within reason; HLG is relative", () => {
  const peakOf = (transfer: string, peak: number) => {
    const chosen = conversion(
      { matrix: "bt2020nc", transfer, primaries: "bt2020", range: "tv", peak },
      size,
      "",
    );
    return chosen.kind === "hdr" && chosen.peak;
  };
  assert.equal(peakOf("smpte2084", 3970), 4000);
  assert.equal(peakOf("smpte2084", 0.1), 1000);
  assert.equal(peakOf("smpte2084", 100_000), 1000);
  assert.equal(peakOf("arib-std-b67", 4000), 1000);
});

test("tone map: black stays black, the peak becomes white, grey keeps its hue, light grows all the way", () => {
  for (const [transfer, brightest] of [
    ["arib-std-b67", 1],
    ["smpte2084", 0.7518],
  ] as const) {
    const [, ...lines] = toneMapTable({ transfer, primaries: "bt2020", peak: 1000 }).trim().split("\n");
    const greys = Array.from({ length: 33 }, (_, at) =>
      lines[at * (1 + 33 + 33 * 33)]!.split(" ").map(Number),
    );
    assert.deepEqual(greys[0], [0, 0, 0]);
    const white = greys[Math.round(brightest * 32)]![1]!;
    assert.ok(white > 0.98, `${transfer}: the peak becomes ${white}`);
    for (const [at, [red, green, blue]] of greys.entries()) {
      assert.ok(
        Math.abs(red! - green!) < 0.002 && Math.abs(blue! - green!) < 0.002,
        `${transfer}: grey ${at}`,
      );
      if (at > 0 && at <= brightest * 32) assert.ok(green! > greys[at - 1]![1]!, `${transfer}: step ${at}`);
    }
  }
});

test("Display P3 is brought into BT.709: its red becomes redder than red can be, and is cut there", async () => {
  const words =
    "-f lavfi -i color=c=0xC03020:s=320x180:r=25:d=0.4,format=gbrp -vf scale=out_color_matrix=bt709:out_range=tv,format=yuv420p," +
    // On the frames, too: since ffmpeg 8 other tags of the output are left out.
    "setparams=color_primaries=smpte432:color_trc=bt709:colorspace=bt709:range=tv " +
    `${h264} -colorspace bt709 -color_primaries smpte432 -color_trc bt709 -color_range tv`;
  const out = join(folder, "p3");
  const { posters, source } = await transcode(await clip(folder, "p3.mkv", words), { out, policy });
  assert.equal(source.range, "wide");
  const { channels } = await sharp(
    join(out, posters.find(({ type }) => type === "image/jpeg")!.path),
  ).stats();
  const [red, green] = channels.map(({ mean }) => mean);
  assert.ok(red! > 0xc0 && green! < 0x30, `red ${red}, green ${green}`);
});
