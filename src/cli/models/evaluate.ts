import { basename, resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import { seeded } from "../../base/random.ts";
import { TypedError } from "../../base/typed-error.ts";
import { issuesOf, plainIssue } from "../../base/zod-issues.ts";
import { readSettings } from "../../config.ts";
import { lakeImpressions } from "../../events/lake/lake-impressions.ts";
import { EventSettings } from "../../events/settings.ts";
import { collectDataset, type Dataset } from "../../ml/dataset.ts";
import {
  type InteractionFormat,
  lakeInteractions,
  readInteractions,
} from "../../ml/datasets/interactions.ts";
import { type Evaluation, evaluate } from "../../ml/evaluation/evaluate.ts";
import {
  loggedValue,
  type PolicyQuestion,
  policyQuestions,
  policyValue,
} from "../../ml/evaluation/policy-value.ts";
import { type BaselineName, baselineNames, baselines } from "../../ml/models/baselines.ts";
import { BaselineParameters } from "../../ml/models/parameters.ts";
import type { Recommender } from "../../ml/models/recommender.ts";
import { renumbered } from "../../ml/models/renumbered.ts";
import { loadRecommender } from "../../ml/models/stored/load-recommender.ts";
import { MlSettings } from "../../ml/settings.ts";
import { cutTime, leaveLastOut, type Split, timeSplit } from "../../ml/split.ts";
import { type EvaluationReport, printEvaluation } from "./evaluation-report.ts";
import { interactionOptions } from "./interaction-options.ts";

type Options = {
  interactions?: string;
  format: InteractionFormat;
  lake?: string;
  split: "leave-last-out" | "time";
  holdout: "validation" | "test";
  fit: "train" | "train and validation";
  cut: number;
  models: BaselineName[];
  /** Folders of trained models. */
  model: string[];
  parameters: BaselineParameters;
  sampled?: true;
  offPolicy?: true;
  seed: number;
  json?: true;
};

export default function evaluateCommand(command: Command): void {
  interactionOptions(command)
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
      "--model <folder>",
      "also a trained model (draft or version) that did not learn from what is held out",
      (folder: string, others: string[]) => [...others, folder],
      [],
    )
    .option(
      "--parameters <json>",
      'other than the defaults, {"ease":{"halfLife":10}}',
      parameters,
      parameters("{}"),
    )
    .option("--sampled", "also rank against 100 random items, as older papers do (biased)")
    .option(
      "--off-policy",
      "also what a feed by each model would have earned, from the lake's logged propensities",
    )
    .option("--seed <number>", "of the confidence intervals and the sampled items", Number, 1)
    .option("--json", "print one JSON document on standard output")
    .addHelpText("after", "\nExample: ./kiln evaluate --interactions ml-1m.txt --models pop,markov")
    .action(async (options: Options) => {
      const report = await makeReport(options);
      if (options.json) console.log(JSON.stringify(report));
      else printEvaluation(report);
    });
}

async function makeReport(options: Options): Promise<EvaluationReport> {
  const { split: kind, holdout, fit: fitOn, cut, parameters, seed, sampled = false } = options;
  const dataset = await load(options);
  const split = kind === "time" ? timeSplit(dataset, cut) : leaveLastOut(dataset, holdout, fitOn);
  const questions = options.offPolicy ? await loggedAfterCut(options, dataset) : [];
  const offPolicy: EvaluationReport["offPolicy"] = [];
  if (questions.length > 0) offPolicy.push({ policy: "as logged", ...loggedValue(questions, seeded(seed)) });
  const evaluations: Evaluation[] = [];
  const ask = async (model: Recommender) => {
    evaluations.push(await evaluate(model, split, { seed, sampled }));
    if (questions.length === 0) return;
    const value = await policyValue(model, dataset.items, questions, seeded(seed));
    offPolicy.push({ policy: `one of the 20 best of ${model.name}`, ...value });
  };
  const leftOut: EvaluationReport["leftOut"] = [];
  for (const folder of options.model) await ask(await trained(folder, dataset));
  for (const name of options.models) {
    const { fit, unfit } = baselines[name];
    const reason = unfit?.(split.train);
    if (reason !== undefined) {
      leftOut.push({ model: name, reason });
      continue;
    }
    if (process.stderr.isTTY) process.stderr.write(`${clearLine}${name}...`);
    await ask(fit(split.train, parameters));
  }
  if (process.stderr.isTTY) process.stderr.write(clearLine);
  return { data: sizes(dataset, split), split: kind, evaluations, offPolicy, leftOut };
}

/** A trained model, adapted to the numbering of this data, named after its folder. */
async function trained(folder: string, { items }: Dataset): Promise<Recommender> {
  const { KILN_ENGINE: engine, KILN_TENSORFLOW: tensorflow } = readSettings(MlSettings);
  const { recommender, items: known } = await loadRecommender(folder, { engine, tensorflow });
  return {
    ...renumbered(recommender, known, items),
    name: `${recommender.name} (${basename(resolve(folder))})`,
  };
}

/** @throws TypedError OFF_POLICY_NEEDS_LAKE, IMPRESSIONS_MISSING */
async function loggedAfterCut(options: Options, dataset: Dataset): Promise<PolicyQuestion[]> {
  if (options.interactions !== undefined || options.split !== "time")
    throw new TypedError(
      "OFF_POLICY_NEEDS_LAKE",
      "--off-policy reads the impressions of the lake: use it with --split time and without --interactions",
    );
  const cut = cutTime(dataset, options.cut);
  const questions = await policyQuestions(dataset, lakeImpressions(lakeOf(options)), cut);
  if (questions.length > 0) return questions;
  throw new TypedError(
    "IMPRESSIONS_MISSING",
    "the lake has no impressions after the cut: choose an earlier one",
  );
}

const clearLine = "\r\u001b[K";

async function load(options: Options): Promise<Dataset> {
  const { interactions, format } = options;
  if (interactions !== undefined) return await collectDataset(readInteractions(interactions, format));
  return await collectDataset(lakeInteractions(lakeOf(options)));
}

const lakeOf = ({ lake }: Options) => lake ?? readSettings(EventSettings).KILN_LAKE;

const sizes = ({ users, items, sequence }: Dataset, { train, cases }: Split) => ({
  users: users.length,
  items: items.length,
  interactions: sequence.length,
  training: train.sequence.length,
  cases: cases.length,
});

function share(text: string): number {
  const value = Number(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError("expected a share between 0 and 1");
}

function parameters(text: string): BaselineParameters {
  try {
    return BaselineParameters.parse(JSON.parse(text), { error: plainIssue });
  } catch (error) {
    throw new InvalidArgumentError(error instanceof z.ZodError ? issuesOf(error) : "expected JSON");
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
