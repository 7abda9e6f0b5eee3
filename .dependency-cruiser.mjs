/**
 * The rules of import (ARCHITECTURE.md, "The rules of import"): one way, checked in CI.
 * Each folder of src/ names the folders it may import; everything else is refused.
 */
const may = {
  cli: [
    "config",
    "api",
    "workers",
    "queues",
    "videos",
    "transcode",
    "analysis",
    "ic",
    "events",
    "ml",
    "feed",
    "files",
    "telemetry",
  ],
  api: ["queues", "videos", "ic", "events", "feed", "ml", "telemetry"],
  workers: ["queues", "videos", "transcode", "analysis", "ic", "events", "feed", "ml", "telemetry"],
  queues: ["videos", "ml", "telemetry"],
  videos: ["analysis", "telemetry"],
  transcode: ["analysis", "files", "telemetry"],
  analysis: ["telemetry"],
  ic: ["files", "telemetry"],
  feed: ["ml", "events", "ic", "telemetry"],
  ml: ["events", "files", "telemetry"],
  events: ["files", "telemetry"],
  files: [],
  telemetry: [],
};

const oneWay = Object.entries(may).map(([folder, allowed]) => ({
  name: `${folder}-imports-one-way`,
  comment: `src/${folder} may import only: ${allowed.join(", ") || "nothing of src"}`,
  severity: "error",
  from: { path: `^src/${folder}/` },
  to: { path: "^src/", pathNot: [folder, ...allowed].map((name) => `^src/${name}(/|\\.ts$)`) },
}));

/** The stages of a transcode; what lies beside the folders is for all of them. */
const transcodeMay = {
  probe: [],
  plan: ["probe"],
  encoders: ["plan"],
  gpu: ["plan", "encoders"],
  encode: ["probe", "plan", "encoders", "gpu"],
  package: ["plan", "encode"],
  pictures: ["plan"],
  verify: ["plan", "package"],
};

const stageByStage = Object.entries(transcodeMay).map(([folder, allowed]) => ({
  name: `transcode-${folder}-imports-one-way`,
  comment: `src/transcode/${folder} may import only: ${allowed.join(", ") || "none of the other stages"}`,
  severity: "error",
  from: { path: `^src/transcode/${folder}/` },
  to: {
    path: "^src/transcode/[^/]+/",
    pathNot: [folder, ...allowed].map((name) => `^src/transcode/${name}/`),
  },
}));

/** A library that has one door: only that file or folder may import it. */
const only = (name, module, path) => ({
  name: `only-${name}`,
  comment: `${module} is imported only by ${path}`,
  severity: "error",
  from: { pathNot: path },
  to: { path: `node_modules/${module}/` },
});

export default {
  forbidden: [
    ...oneWay,
    ...stageByStage,
    {
      name: "config-is-read-by-entry-points",
      comment: "src/config.ts composes settings; only src/cli reads it",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/cli/" },
      to: { path: "^src/config\\.ts$" },
    },
    {
      name: "localnet-knows-nothing-of-kiln",
      severity: "error",
      from: { path: "^localnet/" },
      to: { path: "^(src|canisters|bench|test)/" },
    },
    {
      name: "localnet-is-for-development",
      comment: "only src/cli, bench and test may import localnet",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/cli/" },
      to: { path: "^localnet/" },
    },
    only("ffmpeg-file", "fluent-ffmpeg", "^src/transcode/ffmpeg\\.ts$"),
    only("ic-folder", "@dfinity/agent", "^(src/ic|localnet|test|bench)/"),
    only("sharp-in-transcode", "sharp", "^((src/transcode|test)/|src/ml/training/report-picture\\.ts$)"),
    only("nsfwjs-in-analysis", "nsfwjs", "^src/analysis/"),
    only("bullmq-in-queues", "bullmq", "^(src/queues|src/workers|test)/"),
    only("tensorflow-in-engines", "@tensorflow/tfjs-(node-gpu|backend-.*)", "^src/(ml/engines|analysis)/"),
    only("webgpu-in-engines", "webgpu", "^src/ml/engines/"),
    only("duckdb-in-events", "@duckdb", "^(src/events|test)/"),
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    { name: "no-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      extensions: [".ts", ".js", ".mjs"],
      conditionNames: ["import", "node", "default"],
    },
  },
};
