import { TypedError } from "../../base/typed-error.ts";

type Failure = {
  /** Matches lines of ffmpeg's log. */
  readonly pattern: RegExp;
  readonly message: string;
};

/**
 * Why a GPU failed, most specific first: after most of these NVENC also logs "No capable devices found".
 * @source FFmpeg: libavcodec/nvenc.c, libavcodec/nvdec.c, libavutil/hwcontext_cuda.c
 */
export const gpuFailures = {
  NOT_IN_THIS_FFMPEG: {
    pattern:
      /Unknown encoder '\w+_nvenc'|No such filter: '\w+_cuda'|Unrecognized hwaccel: cuda|Invalid device specification "cuda|Device type cuda is not supported/i,
    message: "this ffmpeg was built without it: install one that has it",
  },
  CUDA_LIBRARY_MISSING: {
    pattern:
      /Cannot load (lib)?(cuda|nvidia-encode|nvcuvid|nvcuda|nvEncodeAPI)|Could not dynamically load CUDA/i,
    message:
      "NVIDIA's libraries are not there: install the driver, in a container with NVIDIA_DRIVER_CAPABILITIES=video,compute,utility",
  },
  DRIVER_TOO_OLD: {
    pattern:
      /Driver does not support the required nvenc API version|CUDA_ERROR_SYSTEM_DRIVER_MISMATCH|CUDA_ERROR_INSUFFICIENT_DRIVER/i,
    message: "the driver is older than this ffmpeg needs: upgrade it",
  },
  SESSION_LIMIT: {
    pattern: /OpenEncodeSessionEx failed: (out of memory \(10\)|incompatible client key \(21\))/i,
    message: "the driver allows no more encoder sessions at a time",
  },
  GPU_OUT_OF_MEMORY: {
    pattern:
      /CUDA_ERROR_OUT_OF_MEMORY|(InitializeEncoder|CreateInputBuffer|CreateBitstreamBuffer|EncodePicture)[^:]*: out of memory|Failed creating CUDA context for NVENC: 0x2\b/i,
    message: "the GPU's memory is full",
  },
  GPU_LOST: {
    pattern:
      /CUDA_ERROR_(UNKNOWN|NO_DEVICE|INVALID_DEVICE|DEVICE_UNAVAILABLE|LAUNCH_FAILED|LAUNCH_TIMEOUT|ILLEGAL_ADDRESS|ILLEGAL_INSTRUCTION|ECC_UNCORRECTABLE|NOT_INITIALIZED|DEINITIALIZED|CONTEXT_IS_DESTROYED|SYSTEM_NOT_READY|HARDWARE_STACK_ERROR)/i,
    message: "the GPU does not respond: check dmesg and nvidia-smi",
  },
  NVDEC_UNSUPPORTED: {
    pattern:
      /Hardware is lacking required capabilities|Failed setup for format cuda|No support for codec \w+ profile|hardware accelerator failed to decode|cuvidCreateDecoder[^>]*-> CUDA_ERROR_(NOT_SUPPORTED|INVALID_VALUE)|Impossible to convert between the formats supported by the filter 'graph 0 input/i,
    message: "the GPU does not decode this kind of video",
  },
  NO_NVENC_DEVICE: {
    pattern:
      /OpenEncodeSessionEx failed: (unsupported device \(2\)|no encode device \(1\))|No (NVENC )?capable devices found|Codec not supported/i,
    message: "this GPU has no NVENC for this codec",
  },
} as const satisfies Record<string, Failure>;
export type GpuFailureCode = keyof typeof gpuFailures;

/** A failure of a GPU; `code` is its class. */
export class GpuError extends TypedError {
  declare readonly code: GpuFailureCode;

  constructor({ code, line }: { code: GpuFailureCode; line: string }, options: { cause?: unknown } = {}) {
    super(code, `${gpuFailures[code].message} (${line})`, { final: false, ...options });
  }
}

/**
 * Finds a GPU's failure in ffmpeg's log. Pure.
 * @param log lines; indented ones quote the source's metadata, which may contain anything
 */
export function gpuFailure(log: readonly string[]): { code: GpuFailureCode; line: string } | null {
  const own = log.filter((line) => !/^\s/.test(line));
  for (const [code, { pattern }] of Object.entries(gpuFailures)) {
    const line = own.find((candidate) => pattern.test(candidate));
    if (line !== undefined)
      return { code: code as GpuFailureCode, line: line.replace(/^(\[[^\]]*\]\s*)+/, "").trim() };
  }
  return null;
}
