import assert from "node:assert/strict";
import { test } from "node:test";
import { argumentsOf } from "../../../src/transcode/base/ffmpeg.ts";
import { policyOf, TranscodeSettings } from "../../../src/transcode/base/settings.ts";
import { command } from "../../../src/transcode/encode/command.ts";
import type { Part } from "../../../src/transcode/plan/division.ts";
import { plan } from "../../../src/transcode/plan/plan.ts";
import type { Source } from "../../../src/transcode/probe/screen.ts";
import { source } from "../source.ts";

const policy = { ...policyOf(TranscodeSettings.parse({ KILN_LADDER: "720,360" })), toneMaps: "/maps" };
const render = (from: Source, part?: Part) =>
  argumentsOf(command(plan(from, policy), { name: "software" }, policy, "/scratch", part));

const before = [
  "-max_error_rate",
  "1",
  "-reinit_filter:v",
  "0",
  "-protocol_whitelist",
  "file",
  "-f",
  "mov",
  "-i",
  "file:/in/clip.mp4",
  "-y",
];
const tags =
  "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709:field_mode=prog,setsar=1";
const anonymous = "-map_metadata -1 -map_chapters -1 -fflags +bitexact -flags +bitexact+cgop".split(" ");
const fragments = "-movflags +frag_keyframe+delay_moov+default_base_moof -flush_packets 1 -f mp4".split(" ");
const video = (index: number, file: string, maxrate: number, bufsize: number, gop = 60) => [
  ...`-map [v${index}] -c:v libx264 -preset veryfast -bf 5 -refs 2 -subq 3 -partitions p8x8,i8x8,i4x4 -rc-lookahead 40 -trellis 1 -threads 0 -profile:v high -crf 24`.split(
    " ",
  ),
  ...`-maxrate ${maxrate} -bufsize ${bufsize} -g ${gop} -keyint_min ${gop}`.split(" "),
  ...`-force_key_frames expr:eq(n,${gop / 2})+eq(n,${gop}) -sc_threshold 0 -bsf:v filter_units=remove_types=6`.split(
    " ",
  ),
  ...`-color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709 -fps_mode passthrough`.split(
    " ",
  ),
  ...anonymous,
  ...fragments,
  ..."-frag_duration 250000".split(" "),
  `/scratch/${file}.mp4`,
];
const audio = [
  ..."-map 0:1 -af aresample=48000:async=1:first_pts=0,aformat=sample_fmts=fltp:channel_layouts=stereo,apad=whole_dur=2.000000,atrim=end=2.000000 -c:a aac -b:a 128000 -ac 2".split(
    " ",
  ),
  ...anonymous,
  ...fragments,
  ..."-frag_duration 1000000 /scratch/audio.mp4".split(" "),
];
const kinds = ["poster", "storyboard", "preview"] as const;
const pictures = kinds.flatMap((kind) =>
  `-map [${kind}] -c:v rawvideo -fps_mode passthrough -f rawvideo /scratch/${kind}.rgb`.split(" "),
);
/** Frames as [first, end, step]. */
const picked = (...stills: readonly [frames: [number, number, number], width: number, height: number][]) =>
  [
    "[p]split=3[p_poster][p_storyboard][p_preview]",
    ...stills.map(
      ([[first, end, step], width, height], index) =>
        `[p_${kinds[index]}]select=gte(n\\,${first})*lt(n\\,${end})*not(mod(n-${first}\\,${step})),scale=${width}:${height}:flags=bicubic+accurate_rnd+full_chroma_int,format=rgb24[${kinds[index]}]`,
    ),
  ].join(";");
const cells: readonly [cell: string, from: Source, expected: string[]][] = [
  [
    "SDR landscape with sound, two renditions",
    source(),
    [
      ...before,
      "-filter_complex",
      [
        `[0:0]scale=1280:720:flags=bicubic:out_color_matrix=bt709:out_range=tv,format=yuv420p,${tags},fps=30:start_time=0,trim=end_frame=60,split=3[v0][p][s1]`,
        "[s1]scale=640:360:flags=bicubic,setsar=1[v1]",
        picked([[0, 60, 5], 1280, 720], [[0, 60, 30], 160, 90], [[0, 60, 3], 320, 180]),
      ].join(";"),
      ...video(0, "720p", 2_721_250, 2_177_000),
      ...video(1, "360p", 962_500, 770_000),
      ...audio,
      ...pictures,
    ],
  ],
  [
    "HLG portrait by rotation, without sound, 29.97",
    source(
      {
        rotation: 90,
        pixelFormat: "yuv420p10le",
        color: { matrix: "bt2020nc", transfer: "arib-std-b67", primaries: "bt2020", range: "tv" },
        timing: { packets: 60, duration: 2.002, rate: 29.97, constant: true },
        declaredRate: 30000 / 1001,
      },
      { audio: null },
    ),
    [
      ...before,
      "-filter_complex",
      [
        `[0:0]scale=720:1280:flags=bicubic,setparams=range=tv:color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc,zscale=m=gbr:r=pc,format=gbrp10le,lut3d=file=/maps/arib-std-b67-bt2020-1000.cube,setparams=color_primaries=bt709:color_trc=bt709,zscale=t=bt709:m=bt709:r=tv,format=yuv420p,` +
          `${tags},fps=30000/1001:start_time=0,trim=end_frame=60,split=3[v0][p][s1]`,
        "[s1]scale=360:640:flags=bicubic,setsar=1[v1]",
        picked([[0, 60, 5], 720, 1280], [[0, 60, 30], 90, 160], [[0, 60, 3], 180, 320]),
      ].join(";"),
      ...video(0, "720p", 2_720_000, 2_176_000),
      ...video(1, "360p", 961_250, 769_000),
      ...pictures,
    ],
  ],
  [
    "small, untagged, interlaced, 240 frames a second: rate before scaling, one rendition",
    source({
      index: 2,
      width: 321,
      height: 241,
      color: { matrix: null, transfer: null, primaries: null, range: null },
      interlaced: true,
      timing: { packets: 480, duration: 2, rate: 240, constant: true },
      declaredRate: 240,
    }),
    [
      ...before,
      "-filter_complex",
      [
        `[0:2]bwdif=mode=send_frame:deint=interlaced,fps=60:start_time=0,trim=end_frame=120,scale=320:240:flags=bicubic+accurate_rnd+full_chroma_int:in_color_matrix=smpte170m:in_range=tv:out_color_matrix=bt709:out_range=tv,format=yuv420p,${tags},split=2[v0][p]`,
        picked([[0, 120, 10], 320, 240], [[0, 120, 60], 160, 120], [[0, 120, 6], 320, 240]),
      ].join(";"),
      ...video(0, "240p", 640_000, 512_000, 120),
      ...audio,
      ...pictures,
    ],
  ],
];

for (const [cell, from, expected] of cells) {
  test(`arguments: ${cell}`, () => assert.deepEqual(render(from), expected));
}

test("arguments: a rung comes from two sizes above, the third from the second, or from its own size in another codec", () => {
  const scalers = (settings: Record<string, string>) => {
    const asked = policyOf(TranscodeSettings.parse(settings));
    const words = argumentsOf(command(plan(source(), asked), { name: "software" }, asked, "/scratch"));
    const graph = words[words.indexOf("-filter_complex") + 1]!;
    return graph.split(";").flatMap((chain) => {
      const pads = /(,split=\d)?((?:\[[vsp]\d*\])+)$/.exec(chain)?.[2] ?? "";
      return /^\[(0:0|s\d)\]/.test(chain) ? [`${/scale=(\d+)/.exec(chain)![1]} ${pads}`] : [];
    });
  };
  assert.deepEqual(scalers({}), [
    "1920 [v0][p][s1]",
    "1280 [v1][s2][s3]",
    "854 [v2][s4]",
    "640 [v3]",
    "426 [v4]",
  ]);
  assert.deepEqual(scalers({ KILN_LADDER: "720,360", KILN_CODECS: "h264,hevc" }), [
    "1280 [v0][p][s1][s2]",
    "1280 [v1]",
    "640 [v2][s3]",
    "640 [v3]",
  ]);
});

test("arguments: a part of a long video: sought before it, counted on the whole's grid, without short segments", () => {
  const from = source(
    { timing: { packets: 9000, duration: 300, rate: 30, constant: true } },
    { audio: null },
  );
  const whole = render(from, { start: 0, frames: 9000 });
  const part = render(from, { start: 1800, frames: 1860 });
  const seek = "-copyts -start_at_zero -noaccurate_seek -ss 58.467".split(" ");
  assert.deepEqual(part.slice(0, 4 + seek.length), [...seek, ...whole.slice(0, 4)]);
  const graph = (list: readonly string[]) => list[list.indexOf("-filter_complex") + 1]!;
  assert.deepEqual(
    graph(part),
    graph(whole)
      .replace("trim=end_frame=9000", "trim=start_frame=1800:end_frame=3660,setpts=PTS-STARTPTS")
      .replace(
        "gte(n\\,0)*lt(n\\,9000)*not(mod(n-0\\,750))",
        "gte(n\\,-1800)*lt(n\\,7200)*not(mod(n+1800\\,750))",
      )
      .replace(
        "gte(n\\,0)*lt(n\\,9000)*not(mod(n-0\\,90))",
        "gte(n\\,-1800)*lt(n\\,7200)*not(mod(n+1800\\,90))",
      )
      .replace(
        "gte(n\\,2227)*lt(n\\,2317)*not(mod(n-2227\\,3))",
        "gte(n\\,427)*lt(n\\,517)*not(mod(n-427\\,3))",
      ),
  );
  const outputs = (list: readonly string[]) => list.slice(list.indexOf("-filter_complex") + 2);
  const forced = ["-force_key_frames", "expr:eq(n,30)+eq(n,60)"];
  assert.deepEqual(
    outputs(part),
    outputs(whole).filter((word) => !forced.includes(word)),
  );
});

test("arguments: a part has no output for pictures that have no frame in it", () => {
  const from = source(
    { timing: { packets: 9000, duration: 300, rate: 30, constant: true } },
    { audio: null },
  );
  const kinds = (part: Part) => render(from, part).flatMap((word) => /\/(\w+)\.rgb$/.exec(word)?.[1] ?? []);
  // The preview's frames are 2227, 2230, ... 2314; the poster's every 750th, the storyboard's every 90th.
  assert.deepEqual(kinds({ start: 0, frames: 2227 }), ["poster", "storyboard"]);
  assert.deepEqual(kinds({ start: 0, frames: 2228 }), ["poster", "storyboard", "preview"]);
  assert.deepEqual(kinds({ start: 2314, frames: 1 }), ["preview"]);
  assert.deepEqual(kinds({ start: 2315, frames: 25 }), []);
  assert.deepEqual(kinds({ start: 2315, frames: 26 }), ["storyboard"]);
  const graph = render(from, { start: 2315, frames: 25 }).find((word) => word.includes("[p]"))!;
  assert.ok(graph.endsWith(";[p]nullsink"), graph);
});
