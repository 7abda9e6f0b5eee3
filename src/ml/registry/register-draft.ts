import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { TypedError } from "../../base/typed-error.ts";
import type { Evaluation } from "../evaluation/evaluate.ts";
import { readModel } from "../models/stored/model-folder.ts";
import { reportFiles, TrainingReport } from "../training/report/training-report.ts";
import { type Registry, register } from "./registry.ts";
import { type MetricRow, type VersionFacts, type VersionManifest, VersionName } from "./version-manifest.ts";

/**
 * Registers what a training has left in its folder.
 * @param options.source what it was trained on, for display
 * @param options.parent the version whose weights it started from
 * @throws TypedError MODEL_NOT_FOUND, MODEL_CORRUPT, REPORT_INVALID, REGISTRY_FULL
 */
export async function registerDraft(
  registry: Registry,
  draft: string,
  { source, parent, now }: { source: string; parent: string | null; now: number },
): Promise<VersionManifest> {
  const { description } = await readModel(draft);
  const report = await readReport(join(draft, reportFiles.metrics));
  return await register(
    registry,
    draft,
    { ...factsOf(report, source), config: { ...description }, parent },
    now,
  );
}

async function readReport(path: string): Promise<TrainingReport> {
  try {
    return TrainingReport.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    throw new TypedError("REPORT_INVALID", `${path} is not a training report: run kiln train`, { cause });
  }
}

function factsOf(
  { model, seed, engine, data, evaluations, uncompared }: TrainingReport,
  source: string,
): Omit<VersionFacts, "config" | "parent"> {
  const time = (at: number | undefined) => (at === undefined ? null : new Date(at).toISOString());
  const { users, items, interactions, sha256, split } = data;
  return {
    kind: model,
    data: { source, from: time(data.from), to: time(data.until), users, items, interactions, sha256 },
    seed,
    engine,
    split,
    metrics: evaluations.map(rowOf),
    ...(uncompared ? { uncompared } : {}),
  };
}

/** The first one is the model's own; one that is named like a version had served. */
function rowOf({ model, cases, full, lists, calibration, lead }: Evaluation, index: number): MetricRow {
  const active = VersionName.safeParse(model).success;
  return {
    ...{ model, cases, full, role: index === 0 ? "candidate" : active ? "active" : "baseline" },
    lists: { ...lists, ...(calibration ? { calibrationError: calibration.list.error } : {}) },
    ...(lead ? { lead } : {}),
  };
}
