import { readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import type { TypedError } from "../base/typed-error.ts";

/** Adds arguments, options and the action to a command. */
type Define = (command: Command) => void;

/** A command's module is imported only when the command is asked for: `--help` stays instant. */
const commands: Record<string, { summary: string; load: () => Promise<{ default: Define }> }> = {
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
const formerNames: Record<string, keyof typeof commands> = { withdraw: "takedown" };

const usage = 2;

async function main(args: readonly string[]): Promise<number> {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const program = new Command("./kiln")
    .description("Kiln: from a raw video to a certified feed on the Internet Computer.")
    .version(version)
    .showHelpAfterError("(./kiln --help lists the commands, ./kiln <command> --help its options)")
    .exitOverride();
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = program.command(name).description(summary).copyInheritedSettings(program);
    if (args.includes(name)) (await load()).default(command);
  }
  for (const [former, name] of Object.entries(formerNames)) {
    const { summary, load } = commands[name]!;
    const command = program
      .command(former, { hidden: true })
      .description(summary)
      .copyInheritedSettings(program);
    if (args.includes(former)) (await load()).default(command);
  }
  try {
    if (args.length === 0) program.help({ error: true });
    await warnOfUnknownSettings();
    await program.parseAsync(args, { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // Thrown by an action about its options: commander has printed only what it found itself.
    if (error instanceof InvalidArgumentError) console.error(`error: ${error.message}`);
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usage;
    const debug = Boolean(process.env.KILN_DEBUG);
    const hint = debug ? "" : " (KILN_DEBUG=1 shows where)";
    console.error(isTyped(error) ? `${error.code}: ${error.message}` : `UNEXPECTED: ${error}${hint}`);
    // The stack, and that of every cause.
    if (debug) console.error(error);
    return 1;
  }
}

/** A misspelt setting would leave its default in force without a word. */
async function warnOfUnknownSettings(): Promise<void> {
  const names = Object.keys(process.env).filter((name) => name.startsWith("KILN_"));
  if (names.length === 0) return;
  const { unknownSettings } = await import("./known-settings.ts");
  for (const { name, nearest } of unknownSettings(names))
    console.error(`warning: there is no setting ${name}${nearest ? `: did you mean ${nearest}?` : ""}`);
}

/** Also true of the local network's errors, which have the same fields but cannot share the class. */
function isTyped(error: unknown): error is TypedError {
  return error instanceof Error && "code" in error && "final" in error;
}

// A reader that has seen enough, as in `kiln models list | head -3`, is no failure of the work.
for (const output of [process.stdout, process.stderr])
  output.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });

process.exitCode = await main(process.argv.slice(2));
