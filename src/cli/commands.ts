import type { Command } from "commander";

/** Adds arguments, options and the action to a command. */
type Define = (command: Command) => void;

/** The commands. The module of one is imported only when it is used, which keeps `--help` instant. */
export const commands: Record<string, { summary: string; load: () => Promise<{ default: Define }> }> = {
  demo: {
    summary: "the whole way on this machine: encode, store in canisters, play; stays up until Ctrl-C",
    load: () => import("./demo/demo.ts"),
  },
  transcode: {
    summary: "encode one video into HLS and DASH renditions and posters",
    load: () => import("./videos/transcode.ts"),
  },
  probe: {
    summary: "say what a video file is, and whether it would be taken",
    load: () => import("./videos/probe.ts"),
  },
  publish: {
    summary: "upload a transcoded folder into the storage canister and enter it into the index",
    load: () => import("./videos/publish.ts"),
  },
  takedown: {
    summary: "take down published videos (ban or delete): index entry, files, originals and products",
    load: () => import("./videos/takedown.ts"),
  },
  moderate: {
    summary: "ban a video or lift its ban, judge what nobody has judged, show every decision",
    load: () => import("./videos/moderate.ts"),
  },
  worker: {
    summary: "take videos from the queues, encode and publish them, until stopped",
    load: () => import("./services/worker.ts"),
  },
  videos: {
    summary: "the pool's videos: list, show, retry what failed or was rejected",
    load: () => import("./videos/videos.ts"),
  },
  enqueue: { summary: "hand videos to the workers", load: () => import("./videos/enqueue.ts") },
  events: {
    summary: "engagement events: check and import files, export, compact, delete a user's",
    load: () => import("./services/events.ts"),
  },
  evaluate: {
    summary: "how well models tell what viewers choose next, with intervals and by segment",
    load: () => import("./models/evaluate.ts"),
  },
  features: {
    summary:
      "what is seen and heard in each video, as numbers: for training, and for videos nobody has watched",
    load: () => import("./models/features.ts"),
  },
  train: {
    summary: "make a recommendation model from what viewers chose, with honest metrics beside it",
    load: () => import("./models/train.ts"),
  },
  engine: {
    summary: "what trains models here: list the engines, install TensorFlow",
    load: () => import("./models/engine.ts"),
  },
  api: {
    summary: "serve the feed and take events over HTTP, until stopped",
    load: () => import("./services/api.ts"),
  },
  push: {
    summary: "write the active model's scores and feeds into the content index canister",
    load: () => import("./models/push.ts"),
  },
  models: {
    summary: "model versions: list, show, compare, promote, roll back, clean up",
    load: () => import("./models/models.ts"),
  },
  localnet: {
    summary: "run a local Internet Computer with Kiln's canisters installed",
    load: () => import("./services/localnet.ts"),
  },
  deploy: {
    summary:
      "bring Kiln's canisters onto a network, or upgrade what has changed there; says first what it will do",
    load: () => import("./deploy/deploy.ts"),
  },
  canisters: {
    summary: "the deployed canisters: status and cycles, snapshots, restoring users from the backup, a drill",
    load: () => import("./canisters/canisters.ts"),
  },
  doctor: {
    summary: "say what this machine has and lacks, and what to do about it",
    load: () => import("./doctor/doctor.ts"),
  },
  bench: {
    summary: "measure speed as a ratio against something named in the same run",
    load: () => import("./bench/bench.ts"),
  },
  test: { summary: "run the whole test suite", load: () => import("./dev/test.ts") },
  check: {
    summary: "types, lint, format, the rules of import and generated pages",
    load: () => import("./dev/check.ts"),
  },
};

/** Former names, understood for one release and not listed. */
export const formerNames: Record<string, keyof typeof commands> = { withdraw: "takedown" };
