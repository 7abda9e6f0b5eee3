import type { Codec } from "../base/codec.ts";
import type { EncodePlan } from "../plan/plan.ts";
import { type Card, type Choice, type EncodePath, type Fallback, softwareOnly } from "./encode-path.ts";
import type { GpuCapabilities } from "./gpu-capabilities.ts";

/** Decides which paths a plan may take on a card, and which codecs are encoded there. Pure. */
export function choosePaths(plan: EncodePlan, card: Card): Choice {
  const open: EncodePath[] = [];
  const closed: Fallback[] = [];
  const undecoded = undecodable(plan, card.can);
  const encoding = encodable(plan, card.can);
  const unencoded = encoding.codecs.length > 0 ? null : encoding.refused[0]!.reason;
  const shut = {
    "nvdec+nvenc": undecoded ?? unencoded ?? unconvertible(plan, card.can),
    nvenc: unencoded,
    nvdec: undecoded,
  };
  for (const name of ["nvdec+nvenc", "nvenc", "nvdec"] as const) {
    const reason = shut[name];
    if (reason !== null) closed.push({ from: name, reason });
    else open.push(name === "nvdec" ? { name, card } : { name, card, codecs: encoding.codecs });
  }
  const [best] = open;
  if (best !== undefined && "codecs" in best)
    closed.push(...encoding.refused.map((refusal) => ({ from: best.name, ...refusal })));
  return { open: [...open, ...softwareOnly.open], closed };
}

/** What NVDEC decodes on every GPU of the last ten years, by codec and pixel format; everything else falls through at once. */
const decodable: Readonly<Record<string, readonly string[]>> = {
  h264: ["yuv420p", "yuvj420p"],
  hevc: ["yuv420p", "yuvj420p", "yuv420p10le"],
  vp8: ["yuv420p"],
  vp9: ["yuv420p", "yuv420p10le"],
  av1: ["yuv420p", "yuv420p10le"],
  mpeg2video: ["yuv420p"],
};

function undecodable({ video }: EncodePlan, { nvdec, filters }: GpuCapabilities): string | null {
  if (!nvdec.works) return nvdec.reason;
  if (video.frameSize === "changing") return "the size of the pictures changes";
  const { codec, pixelFormat } = video.coded;
  if (!decodable[codec]?.includes(pixelFormat ?? "")) return `NVDEC does not take ${codec} in ${pixelFormat}`;
  if (video.deinterlace !== "no" && filters.deinterlace === null)
    return "this ffmpeg cannot deinterlace on the card";
  return null;
}

/** Sizes that NVENC takes, in pixels. @source lpms, NVIDIA's NvEncGetEncodeCaps */
const smallest = { width: 146, height: 50 };
const largest: Record<Codec, number> = { h264: 4096, hevc: 8192, av1: 8192 };

/** Sessions are limited, so the codec that is slowest in software gets them first. */
const costliest = ["av1", "hevc", "h264"] as const satisfies Codec[];

/** The codecs whose every rendition NVENC takes, and why not the others. */
function encodable(
  { renditions }: EncodePlan,
  { encoders, sessions }: GpuCapabilities,
): { codecs: Codec[]; refused: { codec: Codec; reason: string }[] } {
  const codecs: Codec[] = [];
  const refused: { codec: Codec; reason: string }[] = [];
  let free = sessions;
  for (const codec of costliest) {
    const wanted = renditions.filter((rendition) => rendition.codec === codec);
    if (wanted.length === 0) continue;
    const encoder = encoders[codec];
    const odd = wanted.find(
      ({ width, height }) =>
        width < smallest.width || height < smallest.height || Math.max(width, height) > largest[codec],
    );
    if (!encoder.works) refused.push({ codec, reason: encoder.reason });
    else if (odd) refused.push({ codec, reason: `NVENC does not take ${odd.width}x${odd.height}` });
    else if (wanted.length > free)
      refused.push({
        codec,
        reason: `${wanted.length} renditions, and the driver allows ${free} ${free === sessions ? "" : "more "}sessions`,
      });
    else {
      codecs.push(codec);
      free -= wanted.length;
    }
  }
  return { codecs, refused };
}

/** CUDA's filters scale, but do not convert between matrices; a tone map and a transposer are in some builds only. */
function unconvertible({ video }: EncodePlan, { filters }: GpuCapabilities): string | null {
  const { coded, conversion } = video;
  if ((coded.rotation !== 0 || coded.mirrored) && !filters.transpose)
    return "this ffmpeg cannot turn pictures on the card";
  if (conversion.kind === "hdr") return filters.tonemap ? null : "this ffmpeg cannot tone-map on the card";
  const plain = conversion.kind === "sdr" && coded.colors === "bt709";
  return plain ? null : "this ffmpeg cannot convert these colours on the card";
}
