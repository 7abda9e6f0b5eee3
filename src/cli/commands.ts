import type { Command } from "commander";

/** Adds arguments, options and the action to a command. */
type Define = (command: Command) => void;

/** The commands. The module of one is imported only when it is used, which keeps `--help` instant. */
export const commands: Record<string, { summary: string; load: () => Promise<{ default: Define }> }> = {
  demo: {
    summary: "run all of Kiln on this machine: encode, store in canisters, play; stays up until Ctrl-C",
    load: () => import("./demo/demo.ts"),
  },
  up: {
    summary: "run everything on this machine and keep its state: Redis, local network, worker, API",
    load: () => import("./services/up.ts"),
  },
  transcode: {
    summary: "encode one video into HLS and DASH renditions and posters",
    load: () => import("./videos/transcode.ts"),
  },
  probe: {
    summary: "describe a video file, and whether it would be accepted",
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
    summary: "ban a video or lift its ban, judge videos that have no verdict, show every decision",
    load: () => import("./videos/moderate.ts"),
  },
  worker: {
    summary: "process videos from the queues (encode, publish) until stopped",
    load: () => import("./services/worker.ts"),
  },
  videos: {
    summary: "the pool's videos: list, show, retry what failed or was rejected",
    load: () => import("./videos/videos.ts"),
  },
  status: {
    summary: "the pool at a glance: hosts, queues, running jobs, what waits for what, failures by reason",
    load: () => import("./pool/status.ts"),
  },
  workers: {
    summary: "the pool's workers: list, drain a host, resume it",
    load: () => import("./pool/workers.ts"),
  },
  queues: {
    summary: "the pool's queues: list, pause, resume",
    load: () => import("./pool/queues.ts"),
  },
  enqueue: { summary: "add videos to the queues of the workers", load: () => import("./videos/enqueue.ts") },
  events: {
    summary: "engagement events: check and import files, export, compact, delete a user's",
    load: () => import("./services/events.ts"),
  },
  evaluate: {
    summary: "measure how well models predict what viewers choose next, with intervals and by segment",
    load: () => import("./models/evaluate.ts"),
  },
  features: {
    summary: "describe the content of each video as numbers: for training, and to rank videos without views",
    load: () => import("./models/features.ts"),
  },
  train: {
    summary: "train a recommendation model on what viewers chose, and measure it on held-out choices",
    load: () => import("./models/train.ts"),
  },
  engine: {
    summary: "list the engines that train models here, install TensorFlow",
    load: () => import("./models/engine.ts"),
  },
  api: {
    summary: "serve feeds and receive events over HTTP until stopped",
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
    summary: "install Kiln's canisters on a network, or upgrade those that changed; prints its plan first",
    load: () => import("./deploy/deploy.ts"),
  },
  canisters: {
    summary:
      "manage the deployed canisters: status and cycles, snapshots, restoring users from the backup, a drill",
    load: () => import("./canisters/canisters.ts"),
  },
  doctor: {
    summary: "list what this machine has and lacks, and what to do about it",
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
