import type { Reliability } from "../../evaluation/calibration.ts";
import { caseMetricNames } from "../../evaluation/metrics.ts";
import { learningCurve } from "./learning-curve.ts";
import type { TrainingReport } from "./training-report.ts";

/** A training's report as one HTML page that needs nothing else. */
export function reportPage(report: TrainingReport): string {
  const { model, trainedAt, engine, device, seed, data, networks, ranker, notices, evaluations } = report;
  const facts: [string, string][] = [
    ["trained", trainedAt],
    ["engine", `${engine} (${device})`],
    ["seed", String(seed)],
    ["data", `${data.users} users, ${data.items} items, ${data.interactions} interactions`],
    ["learned from", `${data.training} interactions, SHA-256 ${data.sha256.slice(0, 16)}`],
    ["held out", `${data.cases} cases, ${data.split === "time" ? "by time" : "each user's last item"}`],
    ...networks.map(({ mode, steps, seconds, best }, index): [string, string] => [
      `network ${index + 1}`,
      `${steps} steps in ${seconds.toFixed(0)} s, ${mode}; best validation NDCG@10 ${best.ndcg.toFixed(4)} in epoch ${best.epoch}`,
    ]),
    ...notices.map((message): [string, string] => ["note", message]),
  ];
  const metrics = evaluations.map(({ model: name, full, lists }) => [
    name,
    ...caseMetricNames.map((metric) => full[metric].mean.toFixed(4)),
    `${full["NDCG@10"].low.toFixed(4)} to ${full["NDCG@10"].high.toFixed(4)}`,
    lists.coverage.toFixed(3),
    lists.gini.toFixed(3),
  ]);
  const segments = evaluations.flatMap(({ model: name, segments }) =>
    segments.map((segment) => [
      segment.name,
      name,
      String(segment.cases),
      ...caseMetricNames.map((metric) => segment.full[metric].toFixed(4)),
    ]),
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Training of ${text(model)}</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#111}
table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{padding:.25rem .75rem;border-bottom:1px solid #ddd;text-align:left;font-variant-numeric:tabular-nums}
h2{margin-top:2rem}</style></head><body>
<h1>Training of a ${text(model)} model</h1>
${table(["", ""], facts)}
<h2>Held-out cases, ranked among the whole catalogue but the history</h2>
${table(["model", ...caseMetricNames, "NDCG@10, 95 % interval", "coverage@10", "Gini@10"], metrics)}
<h2>Probabilities beside what happened</h2>
${table(["model", "log loss", "first of the list: expected", "happened", "ECE", "all ten: expected", "happened", "ECE"], calibrationRows(report))}
${reliabilityOf(report)}
<h2>By segment</h2>
${table(["segment", "model", "cases", ...caseMetricNames], segments)}
${ranker ? `<h2>Ranker, on ${ranker.heldOut} later impressions</h2>\n${table(["objective", "AUC", "predicted over observed"], rankerRows(ranker))}\n${ordersOf(ranker)}` : ""}
${networks.length > 0 ? `<h2>Learning</h2>\n${learningCurve(networks, "loss")}\n${learningCurve(networks, "ndcg")}` : ""}
</body></html>
`;
}

const calibrationRows = ({ evaluations }: TrainingReport) =>
  evaluations.flatMap(({ model, calibration }) =>
    calibration === undefined
      ? []
      : [[model, calibration.logLoss.toFixed(4), ...[calibration.first, calibration.list].flatMap(figures)]],
  );

const figures = ({ expected, happened, error }: Reliability) =>
  [expected, happened, error].map((value) => value.toFixed(4));

/** How often the model's list of ten holds what was chosen, by its predicted probability. */
function reliabilityOf({ evaluations }: TrainingReport): string {
  const bins = evaluations[0]?.calibration?.list.bins;
  if (bins === undefined) return "";
  return table(
    ["lists", "chosen from the list: expected", "happened"],
    bins.map(({ count, expected, happened }) => [
      String(count),
      ...[expected, happened].map((value) => value.toFixed(4)),
    ]),
  );
}

const ordersOf = ({ orders, serves }: NonNullable<TrainingReport["ranker"]>) =>
  orders === undefined
    ? ""
    : table(
        ["order of later impressions", "long view above another of the same viewer (AUC)"],
        [
          ["by the model alone", orders.unranked.toFixed(4)],
          [`with the ranker, which ${serves ? "serves" : "stays out"}`, orders.ranked.toFixed(4)],
        ],
      );

const rankerRows = ({ metrics }: NonNullable<TrainingReport["ranker"]>) =>
  Object.entries(metrics).map(([objective, { auc, calibration }]) => [
    objective,
    auc?.toFixed(3) ?? "",
    calibration?.toFixed(2) ?? "",
  ]);

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${text(cell)}</${tag}>`).join("")}</tr>`;
  return `<table>${row(head, "th")}\n${rows.map((cells) => row(cells, "td")).join("\n")}</table>`;
}

const text = (value: string) =>
  value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
