import { TypedError } from "../../base/typed-error.ts";

type Failure = {
  /** Lines of ffmpeg's log that say it. */
  readonly says: RegExp;
  readonly say: string;
};

/**
 * Why a GPU did not do its part, most telling first: after most of them NVENC also says "No capable devices found".
 * @source FFmpeg: libavcodec/nvenc.c, libavcodec/nvdec.c, libavutil/hwcontext_cuda.c
 */
export const gpuFailures = {
  NOT_IN_THIS_FFMPEG: {
    says: /Unknown encoder '\w+_nvenc'|No such filter: '\w+_cuda'|Unrecognized hwaccel: cuda|Invalid device specification "cuda|Device type cuda is not supported/i,
    say: "this ffmpeg was built without it: install one that has it",
  },
  CUDA_LIBRARY_MISSING: {
    says: /Cannot load (lib)?(cuda|nvidia-encode|nvcuvid|nvcuda|nvEncodeAPI)|Could not dynamically load CUDA/i,
    say: "NVIDIA's libraries are not there: install the driver, in a container with NVIDIA_DRIVER_CAPABILITIES=video,compute,utility",
  },
  DRIVER_TOO_OLD: {
    says: /Driver does not support the required nvenc API version|CUDA_ERROR_SYSTEM_DRIVER_MISMATCH|CUDA_ERROR_INSUFFICIENT_DRIVER/i,
    say: "the driver is older than this ffmpeg asks for: upgrade it",
  },
  SESSION_LIMIT: {
    says: /OpenEncodeSessionEx failed: (out of memory \(10\)|incompatible client key \(21\))/i,
    say: "the driver allows no more encoder sessions at a time",
  },
  GPU_OUT_OF_MEMORY: {
    says: /CUDA_ERROR_OUT_OF_MEMORY|(InitializeEncoder|CreateInputBuffer|CreateBitstreamBuffer|EncodePicture)[^:]*: out of memory|Failed creating CUDA context for NVENC: 0x2\b/i,
    say: "the GPU's memory is full",
  },
  GPU_LOST: {
    says: /CUDA_ERROR_(UNKNOWN|NO_DEVICE|INVALID_DEVICE|DEVICE_UNAVAILABLE|LAUNCH_FAILED|LAUNCH_TIMEOUT|ILLEGAL_ADDRESS|ILLEGAL_INSTRUCTION|ECC_UNCORRECTABLE|NOT_INITIALIZED|DEINITIALIZED|CONTEXT_IS_DESTROYED|SYSTEM_NOT_READY|HARDWARE_STACK_ERROR)/i,
    say: "the GPU does not answer: look at dmesg and nvidia-smi",
  },
  NVDEC_UNSUPPORTED: {
    says: /Hardware is lacking required capabilities|Failed setup for format cuda|No support for codec \w+ profile|hardware accelerator failed to decode|cuvidCreateDecoder[^>]*-> CUDA_ERROR_(NOT_SUPPORTED|INVALID_VALUE)|Impossible to convert between the formats supported by the filter 'graph 0 input/i,
    say: "the GPU does not decode this kind of video",
  },
  NO_NVENC_DEVICE: {
    says: /OpenEncodeSessionEx failed: (unsupported device \(2\)|no encode device \(1\))|No (NVENC )?capable devices found|Codec not supported/i,
    say: "this GPU has no NVENC for this codec",
  },
} as const satisfies Record<string, Failure>;
export type GpuFailureCode = keyof typeof gpuFailures;

/** A GPU that did not do its part; `code` is its class. */
export class GpuError extends TypedError {
  declare readonly code: GpuFailureCode;

  constructor({ code, line }: { code: GpuFailureCode; line: string }, options: { cause?: unknown } = {}) {
    super(code, `${gpuFailures[code].say} (${line})`, { final: false, ...options });
  }
}

/**
 * Finds a GPU's failure in ffmpeg's log. Pure.
 * @param log lines; those that are indented quote the source's metadata, which may say anything
 */
export function gpuFailure(log: readonly string[]): { code: GpuFailureCode; line: string } | null {
  const spoken = log.filter((line) => !/^\s/.test(line));
  for (const [code, { says }] of Object.entries(gpuFailures)) {
    const line = spoken.find((candidate) => says.test(candidate));
    if (line !== undefined)
      return { code: code as GpuFailureCode, line: line.replace(/^(\[[^\]]*\]\s*)+/, "").trim() };
  }
  return null;
}
