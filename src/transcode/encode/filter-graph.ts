import { cardScale, cardToneMap, download } from "../gpu/cuda.ts";
import { type Card, type EncodePath, encodePaths, encodesOn } from "../gpu/encode-path.ts";
import { colorFilters, exactly, tagged } from "../plan/color.ts";
import type { Part } from "../plan/division.ts";
import { fraction } from "../plan/frame-rate.ts";
import type { Size } from "../plan/ladder.ts";
import { picturesIn, selection } from "../plan/picture-plan.ts";
import type { EncodePlan } from "../plan/plan.ts";

/**
 * The video's filters, from the decoder to every encoder: rate, first scaler and colour, then each rung from a
 * larger one, and to the pictures. Pads are called `[v0]`, `[v1]`... and by the kinds of pictures.
 */
export function filterGraph(plan: EncodePlan, path: EncodePath, part: Part): string {
  const { decode, encode } = encodePaths[path.name];
  const { video, renditions } = plan;
  const onCard = decode === "card" && encode === "card";
  const head =
    path.name === "software" || decode === "memory"
      ? memoryHead(plan, part)
      : cardHead(plan, part, path.card, onCard);
  const first = `[0:${video.stream}]${head.join(",")}`;
  const sources = scaledFrom(renditions);
  // For codecs that the card does not encode: their frames are on the card like all others.
  const down = renditions.map(({ codec }) => encode === "card" && encodesOn(path, codec) === "memory");
  const pads = down.map((comes, index) => (comes ? `[d${index}]` : `[v${index}]`));
  return [
    // The pictures are made in memory, so frames are uploaded to the card after their pad.
    ...(encode === "card" && !onCard
      ? [`${first},split=2[u][p]`, `[u]format=nv12,hwupload${to([pads[0]!, ...below(sources, 0)])}`]
      : [`${first}${to([pads[0]!, "[p]", ...below(sources, 0)])}`]),
    ...rungs(plan, pads, sources, encode === "card" ? cardScale : memoryScale),
    ...down.flatMap((comes, index) =>
      comes ? [`[d${index}]${download("nv12").join(",")},format=yuv420p[v${index}]`] : [],
    ),
    ...pictures(plan, part, onCard ? small : () => []),
  ].join(";");
}

/** The frames of every kind of picture that the part has frames of, in its size and as RGB. */
function pictures({ pictures: plans }: EncodePlan, part: Part, bring: (size: Size) => string[]): string[] {
  const kinds = picturesIn(plans, part);
  if (kinds.length === 0) return ["[p]nullsink"];
  return [
    `[p]split=${kinds.length}${kinds.map((kind) => `[p_${kind}]`).join("")}`,
    ...kinds.map((kind) => {
      const shape = [...bring(plans[kind]), `${memoryScale(plans[kind])}${exactly}`, "format=rgb24"];
      return `[p_${kind}]select=${selection(plans[kind], part.start)},${shape.join(",")}[${kind}]`;
    }),
  ];
}

/** Frames in memory: deinterlaced, at the constant rate, as large as the first rung, in BT.709. */
function memoryHead(plan: EncodePlan, part: Part): string[] {
  const { video, renditions } = plan;
  return [
    ...(video.deinterlace === "no" ? [] : ["bwdif=mode=send_frame:deint=interlaced"]),
    ...inOrder(plan, part, colorFilters(video.conversion, renditions[0]!, video.frameSize)),
  ];
}

/** The same from frames on the card, which stay there or come down once they are small. */
function cardHead(plan: EncodePlan, part: Part, { can }: Card, stay: boolean): string[] {
  const { video, renditions } = plan;
  const top = renditions[0]!;
  const lying = video.coded.rotation % 180 === 0 ? top : { width: top.height, height: top.width };
  const deinterlace =
    video.deinterlace === "no" ? [] : [`${can.filters.deinterlace}=mode=send_frame:deint=interlaced`];
  const shape = stay
    ? [...cardColors(plan, lying), ...cardTurn(plan), tagged]
    : [
        cardScale(lying, { format: null }),
        ...download(video.coded.pixelFormat === "yuv420p10le" ? "p010le" : "nv12"),
        ...memoryTurn(plan),
        ...colorFilters(video.conversion, top),
      ];
  return [...deinterlace, ...inOrder(plan, part, shape)];
}

/**
 * Never more frames than planned: a damaged clock must not make the video endless, or longer than its sound. A part
 * is counted on the grid of the whole: the rate filter repeats its first frame back to the beginning.
 */
function inOrder(
  { frameRate, rateOrder, frames, held, video }: EncodePlan,
  part: Part,
  shape: readonly string[],
): string[] {
  const isLast = part.start + part.frames === frames;
  const end = part.start + part.frames - (isLast ? held : 0);
  const hold = isLast && held > 0 ? [`tpad=stop=${held}:stop_mode=clone`] : [];
  const cut =
    part.start === 0
      ? [`trim=end_frame=${end}`]
      : [`trim=start_frame=${part.start}:end_frame=${end}`, "setpts=PTS-STARTPTS"];
  const shift = video.shift === 0 ? [] : [`setpts=PTS-${video.shift.toFixed(6)}/TB`];
  const rate = [...shift, `fps=${fraction(frameRate)}:start_time=0`, ...cut];
  return rateOrder === "drop before scaling" ? [...rate, ...shape, ...hold] : [...shape, ...rate, ...hold];
}

/** NVENC takes 8 bits only for H.264, and from every source the same: nv12, also where no pixel is scaled. */
function cardColors({ video }: EncodePlan, size: Size): string[] {
  if (video.conversion.kind !== "hdr") return [cardScale(size)];
  const { range, primaries, transfer, matrix } = video.conversion;
  return [
    cardScale(size, { format: "p010le" }),
    `setparams=range=${range}:color_primaries=${primaries}:color_trc=${transfer}:colorspace=${matrix}`,
    cardToneMap,
  ];
}

/** Filters for a display matrix, by degrees clockwise; ffmpeg's own rotation is off for frames on the card. */
const turns = {
  straight: { 0: null, 90: "clock", 180: "reversal", 270: "cclock" },
  mirrored: { 0: "vflip", 90: "cclock_flip", 180: "hflip", 270: "clock_flip" },
} as const;

function turnOf({ video: { coded } }: EncodePlan) {
  return turns[coded.mirrored ? "mirrored" : "straight"][coded.rotation];
}

function cardTurn(plan: EncodePlan): string[] {
  const turn = turnOf(plan);
  return turn === null ? [] : [`transpose_cuda=dir=${turn}`];
}

function memoryTurn(plan: EncodePlan): string[] {
  const turn = turnOf(plan);
  switch (turn) {
    case null:
      return [];
    case "reversal":
      return ["hflip", "vflip"];
    case "hflip":
    case "vflip":
      return [turn];
    default:
      return [`transpose=dir=${turn}`];
  }
}

/**
 * The rung that each one takes its frames from: one of the same size in another codec; else two sizes above, since
 * every step blurs (360 and 240 lines gain .2 dB beside scaling from the next); but only the second size from the
 * first, which is the costly one to scale (480 lines would gain .1 dB for 1 % of the encode).
 */
function scaledFrom(renditions: readonly Size[]): number[] {
  const shorts = renditions.map(({ width, height }) => Math.min(width, height));
  const sizes = [...new Set(shorts)];
  return shorts.map((own, index) => {
    const same = shorts.indexOf(own);
    const size = sizes.indexOf(own);
    return same < index ? same : shorts.indexOf(sizes[Math.max(0, size < 3 ? size - 1 : size - 2)]!);
  });
}

/** Pads of the scalers that take a rung's frames. */
const below = (sources: readonly number[], rung: number): string[] =>
  sources.flatMap((source, index) => (index > 0 && source === rung ? [`[s${index}]`] : []));

const to = (pads: readonly string[]): string =>
  pads.length > 1 ? `,split=${pads.length}${pads.join("")}` : pads.join("");

function rungs(
  { renditions }: EncodePlan,
  pads: readonly string[],
  sources: readonly number[],
  scale: (size: Size) => string,
): string[] {
  return renditions
    .slice(1)
    .map(
      (size, above) =>
        `[s${above + 1}]${scale(size)},setsar=1${to([pads[above + 1]!, ...below(sources, above + 1)])}`,
    );
}

/** Scaled on the card first, so that little crosses the bus. */
const small = (size: Size) => [cardScale(size), ...download("nv12")];
const memoryScale = ({ width, height }: Size) => `scale=${width}:${height}:flags=bicubic`;
