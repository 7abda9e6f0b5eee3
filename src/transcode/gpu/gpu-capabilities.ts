import { join } from "node:path";
import { z } from "zod";
import { codecs } from "../base/codec.ts";
import { ffmpegVersion } from "../base/ffmpeg.ts";
import { allFeatures, NvencFeatures } from "../encoders/nvenc.ts";
import { cardToneMap } from "./cuda.ts";
import type { Gpu } from "./gpu.ts";
import { trialFilters, trialNvdec, trialNvenc, trialSessions } from "./gpu-trial.ts";
import { recall, remember } from "./remembered.ts";

const Failed = z.object({ works: z.literal(false), reason: z.string() });
const DecoderTrial = z.discriminatedUnion("works", [z.object({ works: z.literal(true) }), Failed]);
const EncoderTrial = z.discriminatedUnion("works", [
  z.object({ works: z.literal(true), features: NvencFeatures }),
  Failed,
]);

/** What one GPU has been seen to do with one driver and one ffmpeg. */
export const GpuCapabilities = z.object({
  nvdec: DecoderTrial,
  encoders: z.object({ h264: EncoderTrial, hevc: EncoderTrial, av1: EncoderTrial }),
  /** Encoder sessions that opened at the same time; the search ends at `maxSessions`. */
  sessions: z.int().nonnegative(),
  /** Filters on the card that some builds lack. */
  filters: z.object({
    transpose: z.boolean(),
    tonemap: z.boolean(),
    deinterlace: z.enum(["bwdif_cuda", "yadif_cuda"]).nullable(),
  }),
});
export type GpuCapabilities = z.infer<typeof GpuCapabilities>;

/** No ladder has more renditions than this. */
const maxSessions = 16;

/** For a GPU that has not been tried, so that a real command can show why it does not work. */
export const assumed: GpuCapabilities = {
  nvdec: { works: true },
  encoders: {
    h264: { works: true, features: allFeatures },
    hevc: { works: true, features: allFeatures },
    av1: { works: true, features: allFeatures },
  },
  sessions: maxSessions,
  filters: { transpose: false, tonemap: false, deinterlace: "yadif_cuda" },
};

/** Per GPU, driver and ffmpeg: trials are repeated when any of them changes. */
const Memory = z.record(z.string(), GpuCapabilities);
const file = (folder: string) => join(folder, "capabilities.json");

/**
 * What a GPU can do: from memory, otherwise by trial encodes of a fraction of a second each.
 * @param folder that keeps it
 * @throws TypedError FFMPEG_MISSING, GPU_STATE_UNUSABLE
 */
export async function gpuCapabilities(
  gpu: Gpu,
  { folder, signal }: { folder: string; signal?: AbortSignal | undefined },
): Promise<GpuCapabilities> {
  const key = `${gpu.uuid} driver ${gpu.driver} ffmpeg ${await ffmpegVersion(signal)}`;
  const known = (await recall(file(folder), Memory)) ?? {};
  if (known[key] !== undefined) return known[key];
  const found = await tryGpu(gpu.device, signal);
  // What others take of the card now they will give back.
  if (Object.values(found.encoders).some(busy)) return found;
  // What earlier drivers and versions could do is of no more use.
  const others = Object.entries(known).filter(([other]) => !other.startsWith(gpu.uuid));
  await remember(file(folder), { ...Object.fromEntries(others), [key]: found });
  return found;
}

/** Whether a trial failed for want of what other processes held. */
const busy = (tried: GpuCapabilities["encoders"]["h264"]): boolean =>
  !tried.works && /^(SESSION_LIMIT|GPU_OUT_OF_MEMORY):/.test(tried.reason);

async function tryGpu(device: number, signal: AbortSignal | undefined): Promise<GpuCapabilities> {
  const encoders = {
    h264: await trialNvenc("h264", device, signal),
    hevc: await trialNvenc("hevc", device, signal),
    av1: await trialNvenc("av1", device, signal),
  };
  const working = codecs.find((codec) => encoders[codec].works);
  return {
    nvdec: await trialNvdec(device, signal),
    encoders,
    sessions: working === undefined ? 0 : await trialSessions(working, device, { max: maxSessions, signal }),
    filters: await tryFilters(device, signal),
  };
}

async function tryFilters(
  device: number,
  signal: AbortSignal | undefined,
): Promise<GpuCapabilities["filters"]> {
  const upload = (format: string, filters: string) => `format=${format},hwupload,${filters}`;
  const works = async (filters: string) => (await trialFilters(filters, device, signal)).works;
  const deinterlaces = (name: string) => works(upload("nv12", `${name}=mode=send_frame:deint=interlaced`));
  const hlg = "setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc";
  return {
    transpose: await works(upload("nv12", "transpose_cuda=dir=clock")),
    tonemap: await works(upload("p010le", `${hlg},${cardToneMap}`)),
    deinterlace: (await deinterlaces("bwdif_cuda"))
      ? "bwdif_cuda"
      : (await deinterlaces("yadif_cuda"))
        ? "yadif_cuda"
        : null,
  };
}
