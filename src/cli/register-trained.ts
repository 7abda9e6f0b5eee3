import { activate, readActivation } from "../ml/registry/activation.ts";
import { type GateResult, gate } from "../ml/registry/gate.ts";
import { registerDraft } from "../ml/registry/register-draft.ts";
import { type Registry, versionFolder } from "../ml/registry/registry.ts";
import type { VersionManifest } from "../ml/registry/version-manifest.ts";
import type { TrainingTask } from "../ml/training/training-task.ts";

/** What became of a trained model. */
export type Registered = { manifest: VersionManifest; gate: GateResult; promoted: boolean };

/** The task with the version that serves beside it, so that the gate can compare. */
export async function againstActive(task: TrainingTask, registry: Registry): Promise<TrainingTask> {
  const version = (await readActivation(registry))?.active;
  return version === undefined
    ? task
    : { ...task, against: { version, folder: versionFolder(registry, version) } };
}

/**
 * Takes what a training has left into the registry and, when that is asked for and the gate allows it, lets it serve.
 * @throws TypedError as `registerDraft` and `activate`
 */
export async function registerTrained(
  registry: Registry,
  { out, source, from }: Pick<TrainingTask, "out" | "source" | "from">,
  { promote, now }: { promote: boolean; now: number },
): Promise<Registered> {
  const named = source.kind === "file" ? source.path : source.lake;
  const active = (await readActivation(registry))?.active;
  // What is gone on from is a version where it lies in the registry.
  const parent = active !== undefined && from === versionFolder(registry, active) ? active : null;
  const manifest = await registerDraft(registry, out, { source: named, parent, now });
  const judged = gate(manifest);
  const promoted = promote && judged.passed;
  if (promoted) await activate(registry, manifest.version, { by: "promote", objections: [], now });
  return { manifest, gate: judged, promoted };
}

/** Under which version, and whether it serves; if not, why. */
export function printRegistered({ manifest, gate: judged, promoted }: Registered): void {
  console.log(`registered as ${manifest.version}${promoted ? ", which serves now" : ""}`);
  for (const { passed, say } of judged.reasons) console.log(`${passed ? "ok" : "!!"} ${say}`);
}
