import type { MetricRow, VersionManifest } from "./version-manifest.ts";

export type GateRules = {
  /** Fewer cases prove nothing. */
  minCases: number;
  /** NDCG@10 that a version may fall behind the active one: seeds differ by as much. */
  tolerance: number;
  /** Share of the active version's coverage@10 that must be left: a model that shows a few hits to all is no progress. */
  minCoverage: number;
};

export const gateRules: GateRules = { minCases: 100, tolerance: 0.002, minCoverage: 0.5 };

/** Whether a version may be promoted; the reasons are the rules, each with what was found. */
export type GateResult = { passed: boolean; reasons: { passed: boolean; message: string }[] };

/**
 * Judges a version by its own manifest, in which all models answered the same questions.
 * @source the measure is NDCG@10 over the whole catalogue
 */
export function gate(
  { metrics }: Pick<VersionManifest, "metrics">,
  rules: GateRules = gateRules,
): GateResult {
  const candidate = metrics.find(({ role }) => role === "candidate");
  if (candidate === undefined) return refused("it has no metrics: it was never evaluated");
  const others = metrics.filter(({ role }) => role === "baseline");
  const active = metrics.find(({ role }) => role === "active");
  const reasons = [
    {
      passed: candidate.cases >= rules.minCases,
      message: `${candidate.cases} cases, at least ${rules.minCases} are needed`,
    },
    ...others.map((other) => atLeast(candidate, other, 0)),
    ...(active === undefined ? [] : [atLeast(candidate, active, rules.tolerance)]),
    ...(active === undefined ? [] : [coverage(candidate, active, rules.minCoverage)]),
  ];
  if (others.length === 0) reasons.push({ passed: false, message: "it was compared with no baseline" });
  return { passed: reasons.every(({ passed }) => passed), reasons };
}

const refused = (message: string): GateResult => ({ passed: false, reasons: [{ passed: false, message }] });

/** NaN passes nothing. */
function atLeast(candidate: MetricRow, other: MetricRow, tolerance: number) {
  const [own, theirs] = [ndcg(candidate), ndcg(other)];
  const allowed = tolerance === 0 ? "" : ` less ${tolerance}`;
  const whose = other.role === "active" ? `the active ${other.model}` : other.model;
  return {
    passed: own >= theirs - tolerance,
    message: `NDCG@10 ${own.toFixed(4)}, ${whose} has ${theirs.toFixed(4)}${allowed}`,
  };
}

function coverage(candidate: MetricRow, active: MetricRow, share: number) {
  const [own, theirs] = [candidate.lists.coverage ?? 0, active.lists.coverage ?? 0];
  return {
    passed: own >= share * theirs,
    message: `coverage@10 ${own.toFixed(3)}, ${share} of the active version's ${theirs.toFixed(3)} must be left`,
  };
}

const ndcg = ({ full }: MetricRow) => full["NDCG@10"]?.mean ?? Number.NaN;
