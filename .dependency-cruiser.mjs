/**
 * The rules of import (ARCHITECTURE.md, "The rules of import"): one way, down to the wings, checked in CI.
 * Each folder of src/ names the folders it may import; each wing names its neighbours. Everything else is refused.
 */

/** Folders of src/, and `client` for packages/client. */
const folders = {
  cli: [
    ...[
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
    ],
    ...["base", "client"],
  ],
  api: ["queues", "videos", "ic", "events", "feed", "ml", "base", "client"],
  // Of workers only its child program, by the rule about config below.
  workers: [
    "config",
    "queues",
    "videos",
    "transcode",
    "analysis",
    "ic",
    "events",
    "feed",
    "ml",
    "base",
    "client",
  ],
  queues: ["videos", "ml", "base"],
  videos: ["analysis", "base"],
  transcode: ["analysis", "base"],
  analysis: ["base"],
  ic: ["base", "client"],
  feed: ["ml", "events", "ic", "base", "client"],
  ml: ["events", "base"],
  events: ["base"],
  base: ["client"],
};

/**
 * Wings of a folder: the wings that each may import. `root` are the folder's own files: those named in `shared` may be
 * imported by every wing, the others stand above the wings, which must not import them.
 */
const wings = {
  cli: {
    shared: ["known-settings", "output", "stop-signal"],
    ...{ videos: [], models: [], canisters: ["deploy"], deploy: [], services: [] },
    pool: ["videos"],
    ...{ demo: ["services", "videos"], doctor: [], bench: ["models"], dev: [] },
  },
  api: {
    shared: ["api-error", "settings"],
    ...{ access: [], uploads: ["access"], videos: ["access"], feed: ["access"], events: ["access"] },
    ...{ webhooks: ["access"], operations: ["access"] },
  },
  workers: {
    shared: [
      "failure-action",
      "hand-back",
      "host-pause",
      "leases",
      "pool-worker",
      "report-post-status",
      "throttle-latest",
      "worker",
    ],
    ...{ tasks: [], stages: ["tasks"], moderation: [], training: ["tasks"] },
  },
  transcode: {
    shared: [],
    ...{ base: [], probe: ["base"], plan: ["base", "probe"], encoders: ["base", "plan"] },
    captions: ["base", "probe"],
    gpu: ["base", "plan", "encoders"],
    encode: ["base", "probe", "plan", "encoders", "gpu"],
    package: ["base", "plan", "captions", "encode"],
    pictures: ["base", "plan"],
    verify: ["base", "plan", "package"],
  },
  ic: {
    shared: [],
    ...{ network: [], canisters: ["network"], upload: ["network", "canisters"] },
    publish: ["network", "canisters", "upload"],
    recovery: ["network", "canisters"],
    deploy: ["network", "canisters", "upload"],
  },
  events: {
    shared: ["choice", "event", "event-stream", "parse-event", "viewer-entry"],
    ...{ lake: [], files: ["lake"], simulator: [] },
  },
  ml: {
    shared: ["dataset", "invert-positive-definite", "split", "top-items"],
    ...{ engines: [], sparse: ["engines"], datasets: ["engines"], models: ["engines", "sparse"] },
    evaluation: ["models"],
    training: ["engines", "datasets", "models", "evaluation"],
    registry: ["models", "evaluation", "training"],
    jobs: ["training", "registry"],
  },
  feed: {
    shared: ["candidate"],
    ...{ state: [], sources: ["state"], filters: ["state"], ranking: ["state"] },
    selection: ["state", "filters"],
    push: ["sources", "selection"],
  },
  "ml/training": {
    shared: [],
    ...{ parameters: [], batches: ["parameters"], networks: ["parameters", "batches"] },
    report: ["parameters", "networks"],
  },
};

const placeOf = (folder) => (folder === "client" ? "^packages/client/" : `^src/${folder}(/|\\.ts$)`);

const folderRules = Object.entries(folders).map(([folder, allowed]) => ({
  name: `${folder}-imports-one-way`,
  comment: `src/${folder} may import only: ${allowed.join(", ") || "nothing else"}`,
  severity: "error",
  from: { path: `^src/${folder}/` },
  to: { path: "^(src|packages)/", pathNot: [folder, ...allowed].map(placeOf) },
}));

const wingRules = Object.entries(wings).flatMap(([folder, { shared, ...neighbours }]) =>
  Object.entries(neighbours).map(([wing, allowed]) => ({
    name: `${folder}-${wing}-imports-one-way`,
    comment: `src/${folder}/${wing} may import only: ${[...allowed, ...shared].join(", ") || "none of its neighbours"}`,
    severity: "error",
    from: { path: `^src/${folder}/${wing}/` },
    to: {
      path: `^src/${folder}/`,
      pathNot: [
        ...[wing, ...allowed].map((name) => `^src/${folder}/${name}/`),
        ...shared.map((name) => `^src/${folder}/${name}\\.ts$`),
      ],
    },
  })),
);

/** A folder without a rule would be free to import anything. */
const ruledFolders = {
  name: "every-folder-has-a-rule",
  comment: "name the folder in .dependency-cruiser.mjs, with what it may import",
  severity: "error",
  from: { path: "^src/[^/]+/", pathNot: Object.keys(folders).map((folder) => `^src/${folder}/`) },
  to: {},
};
const ruledWings = Object.entries(wings).map(([folder, { shared: _, ...neighbours }]) => ({
  name: `every-wing-of-${folder.replace("/", "-")}-has-a-rule`,
  comment: `name the wing in .dependency-cruiser.mjs under ${folder}, with its neighbours`,
  severity: "error",
  from: {
    path: `^src/${folder}/[^/]+/`,
    pathNot: Object.keys(neighbours).map((wing) => `^src/${folder}/${wing}/`),
  },
  to: {},
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
    ...folderRules,
    ...wingRules,
    ruledFolders,
    ...ruledWings,
    {
      name: "config-is-read-by-entry-points",
      comment:
        "src/config.ts composes settings; only programs read it: commands, and the worker's child process",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(cli/|workers/task-program\\.ts$)" },
      to: { path: "^src/config\\.ts$" },
    },
    {
      name: "packages-know-nothing-of-kiln",
      severity: "error",
      from: { path: "^packages/" },
      to: { path: "^(src|canisters|localnet|bench|test)/" },
    },
    {
      name: "localnet-knows-nothing-of-kiln",
      severity: "error",
      from: { path: "^localnet/" },
      to: { path: "^(src|packages|canisters|bench|test)/" },
    },
    {
      name: "localnet-is-for-development",
      comment: "only src/cli, canisters, bench and test may import localnet",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/cli/" },
      to: { path: "^localnet/" },
    },
    only("ffmpeg-file", "fluent-ffmpeg", "^src/transcode/base/ffmpeg\\.ts$"),
    only("ic-folder", "@dfinity/agent", "^(src/ic|packages/client|localnet|test|bench)/"),
    only(
      "sharp-in-transcode",
      "sharp",
      "^((src/transcode|test)/|src/ml/training/report/report-picture\\.ts$)",
    ),
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
