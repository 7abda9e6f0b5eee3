import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { reportFiles } from "../training/report/training-report.ts";
import type { TrainingTask } from "../training/training-task.ts";
import { activate, readActivation } from "./activation.ts";
import { gate } from "./gate.ts";
import { registerDraft } from "./register-draft.ts";
import type { Registered } from "./registered.ts";
import { listVersions, type Registry, readVersion, versionFolder } from "./registry.ts";
import type { MetricRow, VersionManifest } from "./version-manifest.ts";

/** The task with the active version and the best one that ever served, so that the gate can compare. */
export async function againstServed(task: TrainingTask, registry: Registry): Promise<TrainingTask> {
  const activation = await readActivation(registry);
  if (activation === undefined) return task;
  const served = new Set(activation.history.map(({ version }) => version));
  const strengths: { version: string; strength: number }[] = [];
  for (const version of served) {
    const manifest = await readVersion(registry, version).catch(() => undefined);
    if (manifest !== undefined) strengths.push({ version, strength: strengthOf(manifest) });
  }
  const best = strengths.toSorted((one, other) => other.strength - one.strength).at(0)?.version;
  const versions = [...new Set([activation.active, ...(best === undefined ? [] : [best])])];
  return {
    ...task,
    against: versions.map((version) => ({ version, folder: versionFolder(registry, version) })),
  };
}

/** NDCG@10 over that of the best baseline on the same cases: comparable between versions, whose cases differ. */
function strengthOf({ metrics }: VersionManifest): number {
  const ndcg = ({ full }: MetricRow) => full["NDCG@10"]?.mean ?? 0;
  const baseline = Math.max(0, ...metrics.filter(({ role }) => role === "baseline").map(ndcg));
  const own = metrics.find(({ role }) => role === "candidate");
  return own === undefined || baseline === 0 ? 0 : ndcg(own) / baseline;
}

/**
 * Registers a finished training and, if requested and allowed by the gate, promotes it. Repeating it changes nothing: a
 * registered training is recognised by the digest of its metrics.
 * @throws TypedError as `registerDraft` and `activate`
 */
export async function registerTrained(
  registry: Registry,
  task: Pick<TrainingTask, "out" | "source" | "from">,
  { promote, now }: { promote: boolean; now: number },
): Promise<Registered> {
  const active = (await readActivation(registry))?.active;
  const manifest =
    (await registeredAlready(registry, task.out)) ?? (await registerNew(registry, task, active, now));
  const judged = gate(manifest);
  const promoted = promote && judged.passed;
  if (promoted && active !== manifest.version)
    await activate(registry, manifest.version, { by: "promote", objections: [], now });
  return { version: manifest.version, gate: judged, promoted };
}

async function registerNew(
  registry: Registry,
  { out, source, from }: Pick<TrainingTask, "out" | "source" | "from">,
  active: string | undefined,
  now: number,
): Promise<VersionManifest> {
  const named = source.kind === "file" ? source.path : source.lake;
  // What is gone on from is a version where it lies in the registry.
  const parent = active !== undefined && from === versionFolder(registry, active) ? active : null;
  return await registerDraft(registry, out, { source: named, parent, now });
}

/** Metrics contain the time at which their training ended, so no two trainings have the same. */
async function registeredAlready(registry: Registry, draft: string): Promise<VersionManifest | undefined> {
  const metrics = await readFile(join(draft, reportFiles.metrics)).catch(() => undefined);
  if (metrics === undefined) return undefined;
  const sha256 = createHash("sha256").update(metrics).digest("hex");
  const versions = await listVersions(registry);
  return versions.find(({ files }) =>
    files.some((file) => file.path === reportFiles.metrics && file.sha256 === sha256),
  );
}
