import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { syncedWrite } from "../../base/synced-write.ts";
import { TypedError } from "../../base/typed-error.ts";
import { type Registry, verifyVersion } from "./registry.ts";
import { VersionName } from "./version-manifest.ts";

/** Which version serves, and which ones did: newest last. */
export const Activation = z.object({
  active: VersionName,
  history: z
    .array(
      z.object({
        version: VersionName,
        at: z.iso.datetime(),
        by: z.enum(["promote", "rollback"]),
        /** The gate's objections; empty when it passed. */
        objections: z.array(z.string()),
      }),
    )
    .min(1),
});
export type Activation = z.infer<typeof Activation>;

/** The pointer that is swapped. */
export const activationFile = ({ folder }: Registry): string => join(folder, "active.json");

/**
 * @returns undefined while no version was promoted
 * @throws TypedError ACTIVATION_INVALID
 */
export async function readActivation(registry: Registry): Promise<Activation | undefined> {
  const file = activationFile(registry);
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return Activation.parse(JSON.parse(text));
  } catch (cause) {
    throw new TypedError(
      "ACTIVATION_INVALID",
      `${file} is damaged: remove it, then kiln models promote a version`,
      {
        cause,
      },
    );
  }
}

/**
 * Makes a version the active one, when its files are whole: one pointer is swapped, and serving processes follow.
 * @param now milliseconds since 1970
 * @throws TypedError VERSION_UNKNOWN, VERSION_INVALID, VERSION_DAMAGED
 */
export async function activate(
  registry: Registry,
  version: string,
  { by, objections, now }: { by: "promote" | "rollback"; objections: string[]; now: number },
): Promise<Activation> {
  await verifyVersion(registry, version);
  const former = await readActivation(registry).catch((error) => {
    // Activating replaces a damaged pointer.
    if (error instanceof TypedError) return undefined;
    throw error;
  });
  const entry = { version, at: new Date(now).toISOString(), by, objections };
  const activation = { active: version, history: [...(former?.history ?? []), entry] };
  await syncedWrite(activationFile(registry), `${JSON.stringify(Activation.parse(activation), null, 2)}\n`);
  return activation;
}

/**
 * The version that a rollback goes to: the last one that served before the active one, rollbacks undone one by one.
 * @throws TypedError NOTHING_TO_ROLL_BACK
 */
export function previousVersion(activation: Activation | undefined): string {
  const stack: string[] = [];
  for (const { version, by } of activation?.history ?? []) {
    if (by === "promote") stack.push(version);
    else stack.splice(stack.lastIndexOf(version) + 1);
  }
  const current = stack.at(-1);
  const previous = stack.findLast((version) => version !== current);
  if (previous !== undefined) return previous;
  throw new TypedError("NOTHING_TO_ROLL_BACK", "no other version has served before: promote one instead");
}
