import { type GpuErrorCode, gpuErrors } from "../../base/errors.ts";
import { TypedError } from "../../base/typed-error.ts";

/**
 * The lines of ffmpeg's log that name each failure, most specific first: after most of them NVENC also prints "No
 * capable devices found".
 * @source FFmpeg: libavcodec/nvenc.c, libavcodec/nvdec.c, libavutil/hwcontext_cuda.c
 */
const patterns: Readonly<Record<GpuErrorCode, RegExp>> = {
  NOT_IN_THIS_FFMPEG:
    /Unknown encoder '\w+_nvenc'|No such filter: '\w+_cuda'|Unrecognized hwaccel: cuda|Invalid device specification "cuda|Device type cuda is not supported/i,
  CUDA_LIBRARY_MISSING:
    /Cannot load (lib)?(cuda|nvidia-encode|nvcuvid|nvcuda|nvEncodeAPI)|Could not dynamically load CUDA/i,
  DRIVER_TOO_OLD:
    /Driver does not support the required nvenc API version|CUDA_ERROR_SYSTEM_DRIVER_MISMATCH|CUDA_ERROR_INSUFFICIENT_DRIVER/i,
  SESSION_LIMIT: /OpenEncodeSessionEx failed: (out of memory \(10\)|incompatible client key \(21\))/i,
  GPU_OUT_OF_MEMORY:
    /CUDA_ERROR_OUT_OF_MEMORY|(InitializeEncoder|CreateInputBuffer|CreateBitstreamBuffer|EncodePicture)[^:]*: out of memory|Failed creating CUDA context for NVENC: 0x2\b/i,
  GPU_LOST:
    /CUDA_ERROR_(UNKNOWN|NO_DEVICE|INVALID_DEVICE|DEVICE_UNAVAILABLE|LAUNCH_FAILED|LAUNCH_TIMEOUT|ILLEGAL_ADDRESS|ILLEGAL_INSTRUCTION|ECC_UNCORRECTABLE|NOT_INITIALIZED|DEINITIALIZED|CONTEXT_IS_DESTROYED|SYSTEM_NOT_READY|HARDWARE_STACK_ERROR)/i,
  NVDEC_UNSUPPORTED:
    /Hardware is lacking required capabilities|Failed setup for format cuda|No support for codec \w+ profile|hardware accelerator failed to decode|cuvidCreateDecoder[^>]*-> CUDA_ERROR_(NOT_SUPPORTED|INVALID_VALUE)|Impossible to convert between the formats supported by the filter 'graph 0 input/i,
  NO_NVENC_DEVICE:
    /OpenEncodeSessionEx failed: (unsupported device \(2\)|no encode device \(1\))|No (NVENC )?capable devices found|Codec not supported/i,
};

/** A failure of a GPU; `code` is its class. */
export class GpuError extends TypedError {
  declare readonly code: GpuErrorCode;

  constructor({ code, line }: { code: GpuErrorCode; line: string }, options: { cause?: unknown } = {}) {
    super(code, `${gpuErrors[code].advice} (${line})`, options);
  }
}

/**
 * Finds a GPU's failure in ffmpeg's log. Pure.
 * @param log lines; indented ones quote the source's metadata, which may contain anything
 */
export function gpuFailure(log: readonly string[]): { code: GpuErrorCode; line: string } | null {
  const own = log.filter((line) => !/^\s/.test(line));
  for (const [code, pattern] of Object.entries(patterns)) {
    const line = own.find((candidate) => pattern.test(candidate));
    if (line !== undefined)
      return { code: code as GpuErrorCode, line: line.replace(/^(\[[^\]]*\]\s*)+/, "").trim() };
  }
  return null;
}
