import { type Command, InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import { inKilnHome } from "../../base/kiln-home.ts";
import { issuesOf, plainIssue } from "../../base/zod-issues.ts";
import { readSettings } from "../../config.ts";
import { EventSettings } from "../../events/settings.ts";
import type { interactionFormats } from "../../ml/datasets/interactions.ts";
import { engineChoices } from "../../ml/engines/engine.ts";
import { caseMetricNames } from "../../ml/evaluation/metrics.ts";
import { runTraining } from "../../ml/jobs/run-training.ts";
import { againstServed, registerTrained } from "../../ml/registry/register-trained.ts";
import type { Registry } from "../../ml/registry/registry.ts";
import { MlSettings } from "../../ml/settings.ts";
import { ModelParameters, modelKinds } from "../../ml/training/parameters/model-parameters.ts";
import type { TrainingReport } from "../../ml/training/report/training-report.ts";
import { type NetworkProgress, TrainingTask } from "../../ml/training/training-task.ts";
import { printTable } from "../output.ts";
import { stopSignal } from "../stop-signal.ts";
import { printCalibration } from "./evaluation-report.ts";
import { interactionOptions } from "./interaction-options.ts";
import { printRegistered } from "./model-output.ts";
import { type QueueOptions, queueTraining } from "./queue-training.ts";
import { printTrainDemo, trainDemo } from "./train-demo.ts";

type Options = Partial<
  Pick<TrainingTask, "model" | "parameters" | "split" | "cut" | "seed" | "engine" | "from" | "replay">
> & {
  interactions?: string;
  format: (typeof interactionFormats)[number];
  lake?: string;
  content?: string;
  out: string;
  ranker?: true;
  resume?: true;
  register?: true;
  promote?: true;
  demo?: true;
  queue?: true;
  json?: true;
} & QueueOptions;

export default function train(command: Command): void {
  interactionOptions(command)
    .option(
      "--content <file>",
      'numbers that describe each item: {"item":"a","features":[0.1,0.2]} a line (default: KILN_CONTENT)',
    )
    .option("--out <folder>", "where the model, its report and its checkpoints go", inKilnHome("draft"))
    .addOption(
      new Option("--model <kind>", "blend: a transformer and Markov; ensemble: two transformers and Markov")
        .choices(modelKinds)
        .default("blend"),
    )
    .addOption(
      new Option("--split <split>", "what is held out for the metrics")
        .choices(["time", "leave-last-out"])
        .default("time"),
    )
    .option("--cut <share>", "of the time split: the share of interactions to learn from", Number, 0.9)
    .addOption(
      new Option(
        "--engine <engine>",
        "what trains (default: KILN_ENGINE, or the best that works here)",
      ).choices(engineChoices),
    )
    .option(
      "--parameters <json>",
      'parameters that differ from the defaults, such as {"training":{"epochs":8}}',
      modelParameters,
    )
    .option("--seed <number>", "seed of the random numbers: the same one trains the same network", Number, 1)
    .option("--from <folder>", "continue from this model with new data, and a share of the old")
    .option(
      "--replay <share>",
      "with --from: the share of users without anything new to repeat",
      Number,
      0.25,
    )
    .option(
      "--ranker",
      "also train the ranker of likes, shares, skips... on the lake's impressions; it re-ranks the feed where that is better",
    )
    .option("--resume", "go on from the checkpoint in --out")
    .option(
      "--demo",
      "simulated audiences, a small model on the Wasm engine, its figures beside Markov and Pop; --seed, --model and --parameters change it",
    )
    .option("--register", "take the finished model into the registry (KILN_MODELS)")
    .option("--promote", "the same, and let it serve when it passes the gate")
    .option(
      "--queue",
      "ask a worker with the stage train for it (KILN_REDIS_URL); it must see the same folders",
    )
    .option("--wait", "with --queue: follow it to its end; Ctrl-C ends the waiting alone")
    .option("--json", "print the report as one JSON document on standard output")
    .addHelpText(
      "after",
      "\nExample: ./kiln train --interactions ml-1m.txt --split leave-last-out --out draft",
    )
    .action(async (options: Options) => {
      const { register = false, promote = false, demo = false, queue = false, ...rest } = options;
      const registry = { folder: readSettings(MlSettings).KILN_MODELS };
      const given = (name: "seed" | "model") =>
        command.getOptionValueSource(name) === "cli" ? { [name]: options[name] } : {};
      if (demo)
        return await showDemo(registry, {
          ...options,
          seed: undefined,
          model: undefined,
          ...given("seed"),
          ...given("model"),
        });
      const requested = taskOf(rest);
      const registration = register || promote ? { ...registry, promote } : undefined;
      if (queue) return await queueTraining(requested, registration, options, showTraining());
      const task = register || promote ? await againstServed(requested, registry) : requested;
      const report = await runTraining(task, {
        onProgress: showTraining(),
        onNotice: (notice) => console.error(`${clearLine}kiln: ${notice}`),
        signal: stopSignal(),
      });
      if (process.stderr.isTTY) process.stderr.write(clearLine);
      const registered =
        register || promote ? await registerTrained(registry, task, { promote, now: Date.now() }) : undefined;
      if (options.json) console.log(JSON.stringify(registered ? { ...report, registered } : report));
      else printReport(report, task.out);
      if (registered && !options.json) printRegistered(registered);
      if (promote && !registered?.promoted) process.exitCode = 1;
    });
}

type Unset<Name extends keyof Options> = { [N in Name]?: Options[N] | undefined };

/** Exit code 1 where the model is not better than its baselines. */
async function showDemo(
  registry: Registry,
  { json, seed, model, parameters }: Pick<Options, "json" | "parameters"> & Unset<"seed" | "model">,
): Promise<void> {
  const done = await trainDemo(registry, {
    ...{ seeds: seed === undefined ? undefined : [seed], model, parameters },
    signal: stopSignal(),
    onStep: (message) => console.error(`kiln: ${message}`),
  });
  if (json) console.log(JSON.stringify(done));
  else printTrainDemo(done);
  if (!done.beatsAll || !done.registered.promoted) process.exitCode = 1;
}

/** The task that the options and settings describe. */
export function taskOf({ interactions, format, lake, json: _, wait: __, ...options }: Options): TrainingTask {
  const { KILN_ENGINE, KILN_TENSORFLOW, KILN_CONTENT } = readSettings(MlSettings);
  const source =
    interactions === undefined
      ? { kind: "lake", lake: lake ?? readSettings(EventSettings).KILN_LAKE }
      : { kind: "file", path: interactions, format };
  const result = TrainingTask.safeParse(
    {
      ...{ engine: KILN_ENGINE, tensorflow: KILN_TENSORFLOW, content: KILN_CONTENT, source },
      ...options,
    },
    { error: plainIssue },
  );
  if (result.success) return result.data;
  throw new InvalidArgumentError(issuesOf(result.error));
}

/** The option `--parameters`: JSON, checked. */
export function modelParameters(text: string): ModelParameters {
  try {
    return ModelParameters.parse(JSON.parse(text), { error: plainIssue });
  } catch (error) {
    throw new InvalidArgumentError(error instanceof z.ZodError ? issuesOf(error) : "expected JSON");
  }
}

const clearLine = "\r\u001b[K";
const lineMs = 10_000;

/** On a terminal one line that changes, elsewhere a line now and then. */
export function showTraining(): (progress: NetworkProgress) => void {
  const tty = process.stderr.isTTY;
  let written = 0;
  return (progress) => {
    const now = performance.now();
    if (now - written < (tty ? 100 : lineMs)) return;
    written = now;
    process.stderr.write(tty ? clearLine + sentence(progress) : `${sentence(progress)}\n`);
  };
}

function sentence(progress: NetworkProgress): string {
  const { network, networks, epoch, epochs, loss, tokensPerSecond, secondsLeft, bestNdcg } = progress;
  return [
    ...(networks > 1 ? [`network ${network}/${networks}`] : []),
    `epoch ${epoch}/${epochs}`,
    `loss ${loss.toFixed(4)}`,
    ...(bestNdcg === undefined ? [] : [`NDCG@10 ${bestNdcg.toFixed(4)}`]),
    `${Math.round(tokensPerSecond)} samples/s`,
    `${Math.ceil(secondsLeft / 60)} min left at most`,
  ].join(", ");
}

function printReport(report: TrainingReport, out: string): void {
  const { evaluations, networks, ranker, data, engine, device } = report;
  const seconds = networks.reduce((sum, network) => sum + network.seconds, 0);
  console.log(`${data.training} interactions learned from, ${data.cases} cases held out (${data.split})`);
  if (networks.length > 0) console.log(`trained in ${seconds.toFixed(0)} s on ${engine} (${device})`);
  console.log();
  printTable(
    ["model", ...caseMetricNames, "NDCG@10, 95 % interval"],
    evaluations.map(({ model, full }) => [
      model,
      ...caseMetricNames.map((name) => full[name].mean.toFixed(4)),
      `${full["NDCG@10"].low.toFixed(4)}-${full["NDCG@10"].high.toFixed(4)}`,
    ]),
  );
  printCalibration(evaluations);
  if (ranker) {
    console.log(`\nRanker, on ${ranker.heldOut} impressions later than those it learned from:`);
    printTable(
      ["objective", "AUC", "predicted over observed"],
      Object.entries(ranker.metrics).map(([objective, { auc, calibration }]) => [
        objective,
        auc?.toFixed(3) ?? "",
        calibration?.toFixed(2) ?? "",
      ]),
    );
    if (ranker.orders)
      console.log(
        `Long views above others of the same viewer (AUC): ${ranker.orders.unranked.toFixed(4)} by the model, ${ranker.orders.ranked.toFixed(4)} with the ranker, which ${ranker.serves ? "serves" : "stays out"}`,
      );
  }
  console.log(`\nThe model, its metrics and report.html are in ${out}`);
}
