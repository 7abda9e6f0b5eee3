import type { Interval } from "../../ml/evaluation/bootstrap.ts";
import type { Evaluation } from "../../ml/evaluation/evaluate.ts";
import { type CaseMetric, caseMetricNames } from "../../ml/evaluation/metrics.ts";
import type { OffPolicyEstimate } from "../../ml/evaluation/off-policy.ts";
import type { BaselineName } from "../../ml/models/baselines.ts";
import { printTable } from "../output.ts";

/** What `kiln evaluate --json` prints. */
export type EvaluationReport = {
  data: { users: number; items: number; interactions: number; training: number; cases: number };
  split: "leave-last-out" | "time";
  evaluations: Evaluation[];
  /** Empty without --off-policy. */
  offPolicy: ({ policy: string } & OffPolicyEstimate)[];
  /** Models that could not learn from the data, and why. */
  leftOut: { model: BaselineName; reason: string }[];
};

/** Prints the report as tables on standard output, what was left out on standard error. */
export function printEvaluation({ data, evaluations, offPolicy, leftOut }: EvaluationReport): void {
  const { users, items, interactions, training, cases } = data;
  console.log(
    `${users} users, ${items} items, ${interactions} interactions: ${training} to learn from, ${cases} cases\n`,
  );
  console.log("Ranked among the whole catalogue but the history; NDCG@10 with its 95 % interval:");
  printTable(
    ["model", ...caseMetricNames, "interval", "coverage@10", "Gini@10", "novelty@10"],
    evaluations.map(({ model, full, lists }) => [
      model,
      ...caseMetricNames.map((name) => figure(full[name].mean)),
      interval(full["NDCG@10"]),
      lists.coverage.toFixed(3),
      lists.gini.toFixed(3),
      `${lists.novelty.toFixed(2)} bits`,
    ]),
  );
  printCalibration(evaluations);
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
  if (offPolicy.length > 0) {
    console.log(
      "\nLong views of what a feed shows, estimated from logged propensities, with 95 % intervals:",
    );
    printTable(
      ["feed", "IPS", "interval", "SNIPS", "interval", "effective choices"],
      offPolicy.map(({ policy, ips, snips, effectiveChoices }) => [
        policy,
        ...[ips, snips].flatMap((value) => [figure(value.mean), interval(value)]),
        effectiveChoices.toFixed(0),
      ]),
    );
  }
  for (const { model, reason } of leftOut) console.error(`${model} was left out: ${reason}`);
}

/** The bins are in the JSON document. */
export function printCalibration(evaluations: readonly Evaluation[]): void {
  const rows = evaluations.flatMap(({ model, calibration }) =>
    calibration === undefined
      ? []
      : [
          [
            model,
            figure(calibration.logLoss),
            ...[calibration.first, calibration.list].flatMap(({ expected, happened, error }) => [
              `${figure(expected)} / ${figure(happened)}`,
              figure(error),
            ]),
            calibration.items.error.toFixed(5),
          ],
        ],
  );
  if (rows.length === 0) return;
  console.log("\nProbabilities: expected / happened, and the expected calibration error (ECE) in ten bins:");
  printTable(["model", "log loss", "first of the list", "ECE", "all ten", "ECE", "ECE of an item"], rows);
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

const interval = ({ low, high }: Interval) => `${figure(low)}-${figure(high)}`;
