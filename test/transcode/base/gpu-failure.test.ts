import assert from "node:assert/strict";
import { test } from "node:test";
import type { GpuErrorCode } from "../../../src/base/errors.ts";
import { gpuFailure } from "../../../src/transcode/base/gpu-failure.ts";

/** What ffmpeg has been seen to say; after most of these NVENC adds "No capable devices found". */
const cases: readonly [what: string, log: string, code: GpuErrorCode][] = [
  [
    "no driver: NVENC",
    "[h264_nvenc @ 0x55bbc4336680] Cannot load libcuda.so.1\n[h264_nvenc @ 0x55bbc4336680] Nvenc unloaded",
    "CUDA_LIBRARY_MISSING",
  ],
  [
    "no driver: a CUDA device",
    "[AVHWDeviceContext @ 0x555f2a34b940] Cannot load libcuda.so.1\n[AVHWDeviceContext @ 0x555f2a34b940] Could not dynamically load CUDA\nDevice creation failed: -1.\nFailed to set value 'cuda=gpu:0' for option 'init_hw_device': Operation not permitted",
    "CUDA_LIBRARY_MISSING",
  ],
  [
    "a container without the video libraries",
    "[h264_nvenc @ 0x5614] Cannot load libnvidia-encode.so.1\n[h264_nvenc @ 0x5614] The minimum required Nvidia driver for nvenc is 418.30 or newer",
    "CUDA_LIBRARY_MISSING",
  ],
  [
    "a compute card",
    "[h264_nvenc @ 00000198ad95a9c0] OpenEncodeSessionEx failed: unsupported device (2): (no details)\n[h264_nvenc @ 00000198ad95a9c0] No capable devices found",
    "NO_NVENC_DEVICE",
  ],
  [
    "a GPU before Ada, asked for AV1",
    "[av1_nvenc @ 0x55d0] Codec not supported\n[av1_nvenc @ 0x55d0] No capable devices found",
    "NO_NVENC_DEVICE",
  ],
  [
    "one session too many",
    "[h264_nvenc @ 0x5601aa5b40c0] OpenEncodeSessionEx failed: out of memory (10): (no details)\n[h264_nvenc @ 0x5601aa5b40c0] No capable devices found",
    "SESSION_LIMIT",
  ],
  [
    "one session too many, newer drivers",
    "[h264_nvenc @ 000001b6accb0500] OpenEncodeSessionEx failed: incompatible client key (21): (no details)",
    "SESSION_LIMIT",
  ],
  [
    "no memory for a context",
    "[h264_nvenc @ 0x7f616007d540] Failed creating CUDA context for NVENC: 0x2\n[h264_nvenc @ 0x7f616007d540] No NVENC capable devices found",
    "GPU_OUT_OF_MEMORY",
  ],
  [
    "no memory for the decoder, which ffmpeg then calls unusable",
    "[h264 @ 0x5581] decoder->cvdl->cuvidCreateDecoder(&decoder->decoder, params) failed -> CUDA_ERROR_OUT_OF_MEMORY: out of memory\n[h264 @ 0x5581] Failed setup for format cuda: hwaccel initialisation returned error.",
    "GPU_OUT_OF_MEMORY",
  ],
  [
    "a driver that fell over",
    "[AVHWDeviceContext @ 0x55bf99883d00] cu->cuInit(0) failed -> CUDA_ERROR_UNKNOWN: unknown error",
    "GPU_LOST",
  ],
  [
    "a GPU that went away",
    "[AVHWDeviceContext @ 0x55d1] cu->cuInit(0) failed -> CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected",
    "GPU_LOST",
  ],
  [
    "a kernel that crashed",
    "[h264_cuvid @ 0x55b1af4c9ec0] ctx->cvdl->cuvidMapVideoFrame(ctx->cudecoder, parsed_frame.dispinfo.picture_index, &mapped_frame, &pitch, &params) failed -> CUDA_ERROR_LAUNCH_FAILED: unspecified launch failure",
    "GPU_LOST",
  ],
  [
    "a driver older than ffmpeg's headers",
    "[h264_nvenc @ 0x5590] Driver does not support the required nvenc API version. Required: 12.1 Found: 11.1\n[h264_nvenc @ 0x5590] The minimum required Nvidia driver for nvenc is 530.41.03 or newer",
    "DRIVER_TOO_OLD",
  ],
  [
    "a profile that NVDEC lacks",
    "[h264 @ 0x55aa] Hardware is lacking required capabilities\n[h264 @ 0x55aa] Failed setup for format cuda: hwaccel initialisation returned error.",
    "NVDEC_UNSUPPORTED",
  ],
  [
    "frames that never reached the card",
    "Impossible to convert between the formats supported by the filter 'graph 0 input from stream 0:0' and the filter 'auto_scale_0'",
    "NVDEC_UNSUPPORTED",
  ],
  ["an ffmpeg before 6", "Unknown encoder 'av1_nvenc'", "NOT_IN_THIS_FFMPEG"],
  [
    "an ffmpeg without the filter",
    "[AVFilterGraph @ 0x5629] No such filter: 'tonemap_cuda'",
    "NOT_IN_THIS_FFMPEG",
  ],
];

for (const [what, log, code] of cases)
  test(`GPU failure: ${what}`, () => {
    const found = gpuFailure(log.split("\n"));
    assert.equal(found?.code, code);
    assert.doesNotMatch(found.line, /^\[/);
  });

test("GPU failure: other failures, and titles that quote one, are none", () => {
  assert.equal(gpuFailure(["Conversion failed!", "moov atom not found"]), null);
  assert.equal(gpuFailure(["    title           : Cannot load libcuda.so.1"]), null);
});
