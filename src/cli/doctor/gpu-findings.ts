import { readSettings } from "../../config.ts";
import { codecs } from "../../transcode/base/codec.ts";
import { TranscodeSettings } from "../../transcode/base/settings.ts";
import type { NvencFeatures } from "../../transcode/encoders/nvenc.ts";
import { discoverGpus, type Gpu } from "../../transcode/gpu/gpu.ts";
import { type GpuCapabilities, gpuCapabilities } from "../../transcode/gpu/gpu-capabilities.ts";
import { trialNvenc } from "../../transcode/gpu/gpu-trial.ts";
import { formatBytes } from "../output.ts";
import { absent, type Finding, good } from "./finding.ts";

const inSoftware = "everything runs in software; on a GPU host install NVIDIA's driver";

/** Every GPU of this machine with what trials have shown of it; without one, why NVENC does not open. */
export async function gpuFindings(): Promise<Finding[]> {
  const { gpus, problem } = await discoverGpus();
  if (gpus.length === 0)
    return [absent("GPU", problem ?? "none is visible", inSoftware), await nvencWithout()];
  const { KILN_GPU_STATE: folder } = readSettings(TranscodeSettings);
  const findings: Finding[] = [];
  for (const gpu of gpus) findings.push(...describe(gpu, await gpuCapabilities(gpu, { folder })));
  return findings;
}

async function nvencWithout(): Promise<Finding> {
  const trial = await trialNvenc("h264", 0);
  return trial.works
    ? good("encoder h264_nvenc", "encodes, though nvidia-smi shows no GPU")
    : absent("encoder h264_nvenc", trial.reason, "encoding runs in software");
}

function describe(gpu: Gpu, { nvdec, encoders, sessions, filters }: GpuCapabilities): Finding[] {
  const name = `GPU ${gpu.index}`;
  const card = `${gpu.name}, driver ${gpu.driver}, ${formatBytes(gpu.freeMemory)} of ${formatBytes(gpu.memory)} free`;
  return [
    good(name, `${card}, ${gpu.uuid}`),
    nvdec.works
      ? good(`${name} NVDEC`, "decodes and scales")
      : absent(`${name} NVDEC`, nvdec.reason, "sources are decoded in software"),
    ...codecs.map((codec) => {
      const what = `${name} NVENC ${codec}`;
      const trial = encoders[codec];
      return trial.works
        ? good(what, ["encodes", ...featureNames(trial.features)].join(", "))
        : absent(what, trial.reason, `${codec} is encoded in software`);
    }),
    sessions > 0
      ? good(`${name} sessions`, `${sessions} encoders at a time`)
      : absent(`${name} sessions`, "no encoder opens", "encoding runs in software"),
    filters.transpose && filters.tonemap
      ? good(`${name} filters`, "turns and tone-maps on the card")
      : absent(`${name} filters`, lacking(filters), "such sources are decoded in software"),
  ];
}

function featureNames({ bFrames, bReference, temporalAq, lookahead }: NvencFeatures): string[] {
  return [
    ...(bFrames ? [bReference ? "B-frames as references" : "B-frames"] : []),
    ...(temporalAq ? ["temporal AQ"] : []),
    ...(lookahead ? ["lookahead"] : []),
  ];
}

const lacking = ({ transpose, tonemap }: GpuCapabilities["filters"]) =>
  [...(transpose ? [] : ["no transpose_cuda"]), ...(tonemap ? [] : ["no tonemap_cuda"])].join(", ");
