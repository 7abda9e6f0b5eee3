import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { PrincipalId } from "@kiln/client/network/principal-id";
import { z } from "zod";
import { inKilnHome } from "../../base/kiln-home.ts";
import { syncedWrite } from "../../base/synced-write.ts";
import { TypedError } from "../../base/typed-error.ts";
import { issuesOf } from "../../base/zod-issues.ts";

export const KilnCanisters = z.object({
  global_configuration: PrincipalId,
  storage: PrincipalId,
  content_index: PrincipalId,
  user_index: PrincipalId,
  data_backup: PrincipalId,
});
export type KilnCanisters = z.infer<typeof KilnCanisters>;

/** The canisters that exist so far, while a deployment is running. */
export type FoundCanisters = { [name in keyof KilnCanisters]?: string | undefined };

/** The addresses of Kiln's canisters and the identity that may publish: `kiln localnet` writes it for other commands. */
export const Deployment = z.object({
  /** URL of the network's HTTP interface and gateway. */
  host: z.url(),
  /** Path of a PEM file. */
  identity: z.string().min(1),
  /** A deployment of release 0.1 has no user_index and no data_backup yet. */
  canisters: KilnCanisters.partial({ user_index: true, data_backup: true }),
});
export type Deployment = z.infer<typeof Deployment>;

/** Where `kiln localnet` describes its network. */
export const localDeploymentFile = (): string => inKilnHome("localnet", "kiln.json");

/**
 * @returns undefined when there is no such file
 * @throws TypedError DEPLOYMENT_INVALID
 */
export async function readDeployment(file: string): Promise<Deployment | undefined> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return Deployment.parse(JSON.parse(text));
  } catch (cause) {
    throw new TypedError(
      "DEPLOYMENT_INVALID",
      `${file} does not describe a network (delete it and start kiln localnet again): ${reason(cause)}`,
      { cause },
    );
  }
}

export async function writeDeployment(file: string, deployment: Deployment): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await syncedWrite(file, `${JSON.stringify(Deployment.parse(deployment), undefined, 2)}\n`);
}

function reason(cause: unknown): string {
  if (cause instanceof z.ZodError) return issuesOf(cause);
  return (cause as Error).message;
}
