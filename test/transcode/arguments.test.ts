import assert from "node:assert/strict";
import { test } from "node:test";
import { type Codec, codecs } from "../../src/transcode/base/codec.ts";
import { argumentsOf } from "../../src/transcode/base/ffmpeg.ts";
import { command } from "../../src/transcode/encode/command.ts";
import { type PathName, pathNames } from "../../src/transcode/gpu/encode-path.ts";
import { hlg, pathOf, planIn, policyFor } from "./cells.ts";
import { source } from "./source.ts";

/**
 * The whole matrix: path x codec x HDR x rotation x size. What a path changes is written out here; the rest of the
 * list is the same in every cell, and command.test.ts holds it against its words.
 */
const words = (text: string) => text.split(" ");

const before: Record<PathName, string[]> = {
  "nvdec+nvenc": words(
    "-init_hw_device cuda=gpu:1 -filter_hw_device gpu -hwaccel cuda -hwaccel_device gpu -hwaccel_output_format cuda -noautorotate -threads 1",
  ),
  nvenc: words("-init_hw_device cuda=gpu:1 -filter_hw_device gpu"),
  nvdec: words(
    "-init_hw_device cuda=gpu:1 -filter_hw_device gpu -hwaccel cuda -hwaccel_device gpu -hwaccel_output_format cuda -noautorotate -threads 1",
  ),
  software: [],
};

type Rate = { maxrate: number; bufsize: number };
const forced = "-force_key_frames expr:eq(n,30)+eq(n,60)";
const software: Record<Codec, (rate: Rate) => string> = {
  h264: ({ maxrate, bufsize }) =>
    `libx264 -preset veryfast -bf 5 -refs 2 -subq 3 -partitions p8x8,i8x8,i4x4 -rc-lookahead 40 -trellis 1 -threads 0 -profile:v high -crf 24 -maxrate ${maxrate} -bufsize ${bufsize} -g 60 -keyint_min 60 ${forced} -sc_threshold 0 -bsf:v filter_units=remove_types=6`,
  hevc: ({ maxrate, bufsize }) =>
    `libx265 -preset veryfast -profile:v main -crf 26 -maxrate ${maxrate} -bufsize ${bufsize} -g 60 -keyint_min 60 ${forced} -forced-idr 1 -x265-params scenecut=0:open-gop=0:info=0:log-level=error -tag:v hvc1`,
  av1: ({ maxrate, bufsize }) =>
    `libsvtav1 -preset 10 -crf 35 -maxrate ${maxrate} -bufsize ${bufsize} -g 30 -svtav1-params scd=0:lp=0`,
};
const features =
  "-g 30 -forced-idr 1 -strict_gop 1 -bf 3 -b_ref_mode middle -rc-lookahead 20 -no-scenecut 1 -temporal-aq 1";
const nvenc: typeof software = {
  h264: ({ maxrate, bufsize }) =>
    `h264_nvenc -preset p4 -tune hq -profile:v high -rc vbr -cq 25 -b:v 0 -maxrate ${maxrate} -bufsize ${bufsize} -multipass disabled ${features}`,
  hevc: ({ maxrate, bufsize }) =>
    `hevc_nvenc -preset p4 -tune hq -profile:v main -tag:v hvc1 -rc vbr -cq 28 -b:v 0 -maxrate ${maxrate} -bufsize ${bufsize} -multipass disabled ${features}`,
  av1: ({ maxrate, bufsize }) =>
    `av1_nvenc -preset p4 -tune hq -rc vbr -cq 35 -b:v 0 -maxrate ${maxrate} -bufsize ${bufsize} -multipass disabled ${features}`,
};
const encoders = { "nvdec+nvenc": nvenc, nvenc, nvdec: software, software };

const tags =
  "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709:field_mode=prog,setsar=1";
const rate = "fps=30:start_time=0,trim=end_frame=60";
const hlgTags = "setparams=range=tv:color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc";
const toneMap = `${hlgTags},zscale=m=gbr:r=pc,format=gbrp10le,lut3d=file=/maps/arib-std-b67-bt2020-1000.cube,setparams=color_primaries=bt709:color_trc=bt709,zscale=t=bt709:m=bt709:r=tv,format=yuv420p`;
const cardToneMap = `${hlgTags},tonemap_cuda=tonemap=bt2390:desat=0:primaries=bt709:transfer=bt709:matrix=bt709:range=tv:format=nv12`;

const turns = {
  upright: { turn: { rotation: 0, mirrored: false }, card: "", memory: "" },
  "turned right": {
    turn: { rotation: 90, mirrored: false },
    card: ",transpose_cuda=dir=clock",
    memory: ",transpose=dir=clock",
  },
  "upside down": {
    turn: { rotation: 180, mirrored: false },
    card: ",transpose_cuda=dir=reversal",
    memory: ",hflip,vflip",
  },
  "turned left": {
    turn: { rotation: 270, mirrored: false },
    card: ",transpose_cuda=dir=cclock",
    memory: ",transpose=dir=cclock",
  },
  "mirrored and turned": {
    turn: { rotation: 90, mirrored: true },
    card: ",transpose_cuda=dir=cclock_flip",
    memory: ",transpose=dir=cclock_flip",
  },
} as const;
const sizes = { "one size": "720", "two sizes": "720,360" } as const;

for (const path of pathNames)
  for (const codec of codecs)
    for (const range of ["sdr", "hlg"] as const)
      for (const [turnName, turn] of Object.entries(turns))
        for (const [sizeName, ladder] of Object.entries(sizes))
          test(`arguments: ${path}, ${codec}, ${range}, ${turnName}, ${sizeName}`, () => {
            const from = source({ ...(range === "hlg" ? hlg : {}), ...turn.turn });
            const decided = planIn(codec, from, ladder);
            const list = (name: PathName) =>
              argumentsOf(command(decided, pathOf(name), policyFor(ladder), "/scratch"));
            const quarter = turn.turn.rotation % 180 !== 0;
            const head = heads[path][range]({ ...turn, shown: quarter ? "720:1280" : "1280:720" });
            const graph = [
              ...tail(path, head, { two: ladder.includes(","), quarter }),
              ...pictures(path === "nvdec+nvenc", quarter),
            ].join(";");
            const expected = swap(list("software"), graph, (index) =>
              words(encoders[path][codec](decided.renditions[index]!)),
            );
            assert.deepEqual(list(path), [...before[path], ...expected]);
          });

test("arguments: a codec that the card does not encode gets its frames down from it", () => {
  const decided = planIn("h264", source(), "720,360");
  const [large, small] = decided.renditions;
  const renditions = [large!, { ...large!, codec: "av1" as const }, { ...small!, codec: "av1" as const }];
  const graphOf = (path: PathName, onCard: Codec[]) => {
    const list = argumentsOf(
      command({ ...decided, renditions }, pathOf(path, onCard), policyFor("720,360"), "/scratch"),
    );
    const encoders = list.filter((_, at) => list[at - 1] === "-c:v").slice(0, 3);
    const chains = list[list.indexOf("-filter_complex") + 1]!.split(";");
    return {
      encoders,
      chains: chains.slice(
        0,
        chains.findIndex((chain) => chain.startsWith("[p]")),
      ),
    };
  };
  const head = heads["nvdec+nvenc"].sdr({ ...turns.upright, shown: "1280:720" });
  const scale = (size: string) => `scale_cuda=${size}:interp_algo=bicubic:format=nv12,setsar=1`;
  assert.deepEqual(graphOf("nvdec+nvenc", ["h264"]), {
    encoders: ["h264_nvenc", "libsvtav1", "libsvtav1"],
    chains: [
      `[0:0]${head},split=4[v0][p][s1][s2]`,
      `[s1]${scale("w=1280:h=720")}[d1]`,
      `[s2]${scale("w=640:h=360")}[d2]`,
      "[d1]hwdownload,format=nv12,format=yuv420p[v1]",
      "[d2]hwdownload,format=nv12,format=yuv420p[v2]",
    ],
  });
  assert.deepEqual(graphOf("nvenc", ["av1"]), {
    encoders: ["libx264", "av1_nvenc", "av1_nvenc"],
    chains: [
      `[0:0]${sdrInMemory("1280:720")},split=2[u][p]`,
      "[u]format=nv12,hwupload,split=3[d0][s1][s2]",
      `[s1]${scale("w=1280:h=720")}[v1]`,
      `[s2]${scale("w=640:h=360")}[v2]`,
      "[d0]hwdownload,format=nv12,format=yuv420p[v0]",
    ],
  });
});

/** A list with another filter graph and other encoders. */
function swap(list: readonly string[], graph: string, encoder: (index: number) => string[]): string[] {
  const swapped = list.with(list.indexOf("-filter_complex") + 1, graph);
  for (let [at, index] = [swapped.indexOf("-c:v"), 0]; swapped[at + 1] !== "rawvideo"; index++) {
    const options = encoder(index);
    swapped.splice(at + 1, swapped.indexOf("-color_range", at) - at - 1, ...options);
    at = swapped.indexOf("-c:v", at + options.length);
  }
  return swapped;
}

type Turn = { card: string; memory: string; shown: string };
const sdrInMemory = (shown: string) =>
  `scale=${shown}:flags=bicubic:out_color_matrix=bt709:out_range=tv,format=yuv420p,${tags},${rate}`;
const hlgInMemory = (shown: string) => `scale=${shown}:flags=bicubic,${toneMap},${tags},${rate}`;
const inMemory = {
  sdr: ({ shown }: Turn) => sdrInMemory(shown),
  hlg: ({ shown }: Turn) => hlgInMemory(shown),
};
/** Frames on the card lie as they are stored until they are turned. */
const heads: Record<PathName, Record<"sdr" | "hlg", (turn: Turn) => string>> = {
  software: inMemory,
  nvenc: inMemory,
  nvdec: {
    sdr: ({ memory, shown }) =>
      `scale_cuda=w=1280:h=720:interp_algo=bicubic,hwdownload,format=nv12${memory},${sdrInMemory(shown)}`,
    hlg: ({ memory, shown }) =>
      `scale_cuda=w=1280:h=720:interp_algo=bicubic,hwdownload,format=p010le${memory},${hlgInMemory(shown)}`,
  },
  "nvdec+nvenc": {
    sdr: ({ card }) => `scale_cuda=w=1280:h=720:interp_algo=bicubic:format=nv12${card},${tags},${rate}`,
    hlg: ({ card }) =>
      `scale_cuda=w=1280:h=720:interp_algo=bicubic:format=p010le,${cardToneMap}${card},${tags},${rate}`,
  },
};

function tail(path: PathName, head: string, { two, quarter }: { two: boolean; quarter: boolean }): string[] {
  const [w, h] = quarter ? [360, 640] : [640, 360];
  const onCard = `[s1]scale_cuda=w=${w}:h=${h}:interp_algo=bicubic:format=nv12,setsar=1[v1]`;
  const below =
    path === "nvdec" || path === "software" ? `[s1]scale=${w}:${h}:flags=bicubic,setsar=1[v1]` : onCard;
  if (path === "nvenc")
    return [
      `[0:0]${head},split=2[u][p]`,
      ...(two ? ["[u]format=nv12,hwupload,split=2[v0][s1]", below] : ["[u]format=nv12,hwupload[v0]"]),
    ];
  return two ? [`[0:0]${head},split=3[v0][p][s1]`, below] : [`[0:0]${head},split=2[v0][p]`];
}

function pictures(fromCard: boolean, quarter: boolean): string[] {
  const picture = (kind: string, step: number, long: number, short: number) => {
    const [w, h] = quarter ? [short, long] : [long, short];
    const small = fromCard
      ? `scale_cuda=w=${w}:h=${h}:interp_algo=bicubic:format=nv12,hwdownload,format=nv12,`
      : "";
    return `[p_${kind}]select=gte(n\\,0)*lt(n\\,60)*not(mod(n-0\\,${step})),${small}scale=${w}:${h}:flags=bicubic+accurate_rnd+full_chroma_int,format=rgb24[${kind}]`;
  };
  return [
    "[p]split=3[p_poster][p_storyboard][p_preview]",
    picture("poster", 5, 1280, 720),
    picture("storyboard", 30, 160, 90),
    picture("preview", 3, 320, 180),
  ];
}
