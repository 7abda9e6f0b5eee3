import assert from "node:assert/strict";
import { test } from "node:test";
import { policyOf, TranscodeSettings } from "../../../src/transcode/base/settings.ts";
import { allFeatures } from "../../../src/transcode/encoders/nvenc.ts";
import { choosePaths } from "../../../src/transcode/gpu/choose-paths.ts";
import { type PathName, stepDown } from "../../../src/transcode/gpu/encode-path.ts";
import { assumed, type GpuCapabilities } from "../../../src/transcode/gpu/gpu-capabilities.ts";
import { plan } from "../../../src/transcode/plan/plan.ts";
import type { Source } from "../../../src/transcode/probe/screen.ts";
import { source } from "../source.ts";

const policy = policyOf(TranscodeSettings.parse({ KILN_LADDER: "720,360" }));
const chosen = (from: Source, can: GpuCapabilities) => {
  const { open, closed } = choosePaths(plan(from, policy), { device: 0, uuid: "GPU-a", can });
  return { open: open.map(({ name }) => name), closed };
};

const works = { works: true as const, features: allFeatures };
const broken = { works: false as const, reason: "NO_NVENC_DEVICE: none" };
const everything: GpuCapabilities = {
  ...assumed,
  filters: { transpose: true, tonemap: true, deinterlace: "bwdif_cuda" },
};
const compute: GpuCapabilities = {
  ...assumed,
  encoders: { h264: broken, hevc: broken, av1: broken },
  sessions: 0,
};
const hlg = {
  codec: "hevc",
  pixelFormat: "yuv420p10le",
  color: { matrix: "bt2020nc", transfer: "arib-std-b67", primaries: "bt2020", range: "tv" },
} as const;
const all: PathName[] = ["nvdec+nvenc", "nvenc", "nvdec", "software"];
const lifted: PathName[] = ["nvenc", "nvdec", "software"];

const cells: readonly [
  cell: string,
  from: Source,
  can: GpuCapabilities,
  open: PathName[],
  closed: [PathName, RegExp][],
][] = [
  ["plain SDR", source(), assumed, all, []],
  [
    "a card without NVENC",
    source(),
    compute,
    ["nvdec", "software"],
    [
      ["nvdec+nvenc", /NO_NVENC/],
      ["nvenc", /NO_NVENC/],
    ],
  ],
  ["HLG", source(hlg), assumed, lifted, [["nvdec+nvenc", /tone-map/]]],
  ["HLG, and a build with tonemap_cuda", source(hlg), everything, all, []],
  ["rotated", source({ rotation: 90 }), assumed, lifted, [["nvdec+nvenc", /turn/]]],
  ["mirrored", source({ mirrored: true }), assumed, lifted, [["nvdec+nvenc", /turn/]]],
  ["rotated, and a build with transpose_cuda", source({ rotation: 90 }), everything, all, []],
  [
    "full range",
    source({ color: { matrix: "bt709", transfer: "bt709", primaries: "bt709", range: "pc" } }),
    everything,
    lifted,
    [["nvdec+nvenc", /colours/]],
  ],
  [
    "4:4:4, which NVDEC does not take",
    source({ pixelFormat: "yuv444p" }),
    everything,
    ["nvenc", "software"],
    [
      ["nvdec+nvenc", /h264 in yuv444p/],
      ["nvdec", /h264 in yuv444p/],
    ],
  ],
  [
    "smaller than NVENC takes",
    source({ width: 100, height: 40 }),
    everything,
    ["nvdec", "software"],
    [
      ["nvdec+nvenc", /100x40/],
      ["nvenc", /100x40/],
    ],
  ],
  [
    "more renditions than sessions",
    source(),
    { ...assumed, sessions: 1 },
    ["nvdec", "software"],
    [
      ["nvdec+nvenc", /2 renditions.*1 session/],
      ["nvenc", /2 renditions/],
    ],
  ],
  [
    "interlaced, and a build that cannot deinterlace on the card",
    source({ interlaced: true }),
    { ...assumed, filters: { ...assumed.filters, deinterlace: null } },
    ["nvenc", "software"],
    [
      ["nvdec+nvenc", /deinterlace/],
      ["nvdec", /deinterlace/],
    ],
  ],
  [
    "no NVDEC",
    source(),
    { ...assumed, nvdec: { works: false, reason: "GPU_LOST: gone" } },
    ["nvenc", "software"],
    [
      ["nvdec+nvenc", /GPU_LOST/],
      ["nvdec", /GPU_LOST/],
    ],
  ],
  ["one codec is enough", source(), { ...assumed, encoders: { ...compute.encoders, h264: works } }, all, []],
];

for (const [cell, from, can, open, closed] of cells)
  test(`paths: ${cell}`, () => {
    const found = chosen(from, can);
    assert.deepEqual(found.open, open);
    assert.deepEqual(
      found.closed.map(({ from: name }) => name),
      closed.map(([name]) => name),
    );
    for (const [index, [, reason]] of closed.entries()) assert.match(found.closed[index]!.reason, reason);
  });

const steps: readonly [code: string, failed: PathName, left: PathName[]][] = [
  ["CUDA_LIBRARY_MISSING", "nvdec+nvenc", ["software"]],
  ["GPU_LOST", "nvdec+nvenc", ["software"]],
  ["ENCODE_FAILED", "nvdec+nvenc", ["software"]],
  ["SESSION_LIMIT", "nvdec+nvenc", ["nvdec", "software"]],
  ["NO_NVENC_DEVICE", "nvenc", ["nvdec", "software"]],
  ["NVDEC_UNSUPPORTED", "nvdec+nvenc", ["nvenc", "software"]],
  ["NVDEC_UNSUPPORTED", "nvdec", ["software"]],
  ["GPU_OUT_OF_MEMORY", "nvdec+nvenc", ["nvenc", "software"]],
  ["GPU_OUT_OF_MEMORY", "nvenc", ["software"]],
  ["OUTPUT_INVALID", "nvdec+nvenc", ["nvenc", "nvdec", "software"]],
  ["OUTPUT_INVALID", "nvdec", ["software"]],
];
for (const [code, failed, left] of steps)
  test(`step down: ${code} on ${failed}`, () => {
    const { open } = choosePaths(plan(source(), policy), { device: 0, uuid: null, can: assumed });
    const below = open.slice(open.findIndex(({ name }) => name === failed) + 1);
    assert.deepEqual(
      stepDown(below, code).map(({ name }) => name),
      left,
    );
  });

test("paths: every codec goes where it can: what the card does not encode is encoded in software beside it", () => {
  const three = policyOf(TranscodeSettings.parse({ KILN_LADDER: "720,360", KILN_CODECS: "h264,hevc,av1" }));
  const chosenFor = (can: GpuCapabilities) => {
    const { open, closed } = choosePaths(plan(source(), three), { device: 0, uuid: null, can });
    const codecs = open[0] && "codecs" in open[0] ? open[0].codecs.toSorted() : [];
    return { best: open[0]!.name, codecs, closed };
  };
  assert.deepEqual(chosenFor(assumed), {
    best: "nvdec+nvenc",
    codecs: ["av1", "h264", "hevc"],
    closed: [],
  });
  assert.deepEqual(chosenFor({ ...assumed, encoders: { ...assumed.encoders, av1: broken } }), {
    best: "nvdec+nvenc",
    codecs: ["h264", "hevc"],
    closed: [{ from: "nvdec+nvenc", codec: "av1", reason: broken.reason }],
  });
  assert.deepEqual(chosenFor({ ...assumed, sessions: 5 }), {
    best: "nvdec+nvenc",
    codecs: ["av1", "hevc"],
    closed: [
      { from: "nvdec+nvenc", codec: "h264", reason: "2 renditions, and the driver allows 1 more sessions" },
    ],
  });
});
