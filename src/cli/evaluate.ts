import { type Command, InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import { readSettings } from "../config.ts";
import { EventSettings } from "../events/settings.ts";
import { collectDataset, type Dataset } from "../ml/dataset.ts";
import {
  type InteractionFormat,
  interactionFormats,
  readInteractions,
} from "../ml/datasets/interaction-file.ts";
import { lakeInteractions } from "../ml/datasets/lake-interactions.ts";
import { type Evaluation, evaluate } from "../ml/evaluation/evaluate.ts";
import { type CaseMetric, caseMetricNames } from "../ml/evaluation/metrics.ts";
import { type BaselineName, baselineNames, baselines } from "../ml/models/baselines.ts";
import { BaselineParameters } from "../ml/models/parameters.ts";
import { leaveLastOut, type Split, timeSplit } from "../ml/split.ts";
import { printTable } from "./table.ts";

type Options = {
  interactions?: string;
  format: InteractionFormat;
  lake?: string;
  split: "leave-last-out" | "time";
  holdout: "validation" | "test";
  fit: "train" | "train and validation";
  cut: number;
  models: BaselineName[];
  parameters: BaselineParameters;
  sampled?: true;
  seed: number;
  json?: true;
};

/** A model that could not learn from the data, and why. */
type LeftOut = { model: BaselineName; reason: string };

export default function evaluateCommand(command: Command): void {
  command
    .option("--interactions <file>", "a file of interactions (default: what viewers chose in the lake)")
    .addOption(
      new Option("--format <format>", "of that file: `user item` lines, or RecBole's .inter")
        .choices(interactionFormats)
        .default("pairs"),
    )
    .option("--lake <folder>", "the folder of the lake (default: KILN_LAKE, or .kiln/lake)")
    .addOption(
      new Option("--split <split>", "hold out each user's last item, or everything from a time on")
        .choices(["leave-last-out", "time"])
        .default("leave-last-out"),
    )
    .addOption(
      new Option("--holdout <items>", "of leave-last-out: choose on validation, report the test")
        .choices(["validation", "test"])
        .default("test"),
    )
    .addOption(
      new Option("--fit <items>", "what the models learn from before the test")
        .choices(["train", "train and validation"])
        .default("train"),
    )
    .option("--cut <share>", "of the time split: the share of interactions to learn from", share, 0.9)
    .option("--models <names>", `of ${baselineNames.join(", ")}`, modelNames, baselineNames)
    .option(
      "--parameters <json>",
      'other than the defaults, {"ease":{"halfLife":10}}',
      parameters,
      parameters("{}"),
    )
    .option("--sampled", "also rank against 100 random items, as older papers do (biased)")
    .option("--seed <number>", "of the confidence intervals and the sampled items", Number, 1)
    .option("--json", "print one JSON document on standard output")
    .addHelpText("after", "\nExample: ./kiln evaluate --interactions ml-1m.txt --models pop,markov")
    .action(async (options: Options) => {
      const dataset = await load(options);
      const split =
        options.split === "time"
          ? timeSplit(dataset, options.cut)
          : leaveLastOut(dataset, options.holdout, options.fit);
      const evaluations: Evaluation[] = [];
      const leftOut: LeftOut[] = [];
      for (const name of options.models) {
        const { fit, unfit } = baselines[name];
        const reason = unfit?.(split.train);
        if (reason !== undefined) leftOut.push({ model: name, reason });
        else {
          if (process.stderr.isTTY) process.stderr.write(`${clearLine}${name}...`);
          const { parameters, seed, sampled = false } = options;
          evaluations.push(await evaluate(fit(split.train, parameters), split, { seed, sampled }));
        }
      }
      if (process.stderr.isTTY) process.stderr.write(clearLine);
      if (options.json)
        console.log(
          JSON.stringify({ data: sizes(dataset, split), split: options.split, evaluations, leftOut }),
        );
      else print(dataset, split, evaluations, leftOut);
    });
}

const clearLine = "\r\u001b[K";

async function load({ interactions, format, lake }: Options): Promise<Dataset> {
  if (interactions !== undefined) return await collectDataset(readInteractions(interactions, format));
  return await collectDataset(lakeInteractions(lake ?? readSettings(EventSettings).KILN_LAKE));
}

const sizes = ({ users, items, sequence }: Dataset, { train, cases }: Split) => ({
  users: users.length,
  items: items.length,
  interactions: sequence.length,
  training: train.sequence.length,
  cases: cases.length,
});

function print(dataset: Dataset, split: Split, evaluations: Evaluation[], leftOut: LeftOut[]): void {
  const { users, items, interactions, training, cases } = sizes(dataset, split);
  console.log(
    `${users} users, ${items} items, ${interactions} interactions: ${training} to learn from, ${cases} cases\n`,
  );
  console.log("Ranked among the whole catalogue but the history; NDCG@10 with its 95 % interval:");
  printTable(
    ["model", ...caseMetricNames, "interval", "coverage@10", "Gini@10", "novelty@10"],
    evaluations.map(({ model, full, lists }) => [
      model,
      ...caseMetricNames.map((name) => figure(full[name].mean)),
      `${figure(full["NDCG@10"].low)}-${figure(full["NDCG@10"].high)}`,
      lists.coverage.toFixed(3),
      lists.gini.toFixed(3),
      `${lists.novelty.toFixed(2)} bits`,
    ]),
  );
  const segments = new Set(evaluations.flatMap((evaluation) => evaluation.segments.map(({ name }) => name)));
  for (const segment of segments) printSegment(segment, evaluations);
  if (evaluations.some(({ sampled100 }) => sampled100)) {
    console.log(
      "\nRanked among 100 random items (sampled-100: biased, only for comparison with older papers):",
    );
    printTable(
      ["model", ...caseMetricNames],
      evaluations.flatMap(({ model, sampled100 }) => (sampled100 ? [[model, ...means(sampled100)]] : [])),
    );
  }
  for (const { model, reason } of leftOut) console.error(`${model} was left out: ${reason}`);
}

function printSegment(segment: string, evaluations: readonly Evaluation[]): void {
  const own = evaluations.flatMap(({ model, segments }) =>
    segments.filter(({ name }) => name === segment).map((part) => ({ model, ...part })),
  );
  console.log(`\n${segment}: ${own[0]!.cases} cases`);
  printTable(
    ["model", ...caseMetricNames],
    own.map(({ model, full }) => [model, ...means(full)]),
  );
}

const means = (metrics: Record<CaseMetric, number>) => caseMetricNames.map((name) => figure(metrics[name]));

const figure = (value: number) => value.toFixed(4);

function share(text: string): number {
  const value = Number(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError("expected a share between 0 and 1");
}

function parameters(text: string): BaselineParameters {
  try {
    return BaselineParameters.parse(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw new InvalidArgumentError("expected JSON");
    const issues = error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new InvalidArgumentError(issues.join("; "));
  }
}

function modelNames(text: string): BaselineName[] {
  const names = text.split(",");
  const unknown = names.filter((name) => !(name in baselines));
  if (unknown.length === 0) return names as BaselineName[];
  throw new InvalidArgumentError(
    `there is no model ${unknown.join(", ")}: choose of ${baselineNames.join(", ")}`,
  );
}
