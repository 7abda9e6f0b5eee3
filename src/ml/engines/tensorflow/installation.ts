import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

/** The installed.json that `kiln engine install tensorflow` writes. */
export const Installation = z.strictObject({
  tensorflow: z.string(),
  kind: z.enum(["x64-cpu", "x64-cuda", "arm64-cpu"]),
});
export type Installation = z.output<typeof Installation>;

export const defaultDirectory = fileURLToPath(new URL("../../../../.runtime/tensorflow", import.meta.url));

export const installationFile = (directory: string) => join(directory, "installed.json");
export const bindingFile = (directory: string) => join(directory, "tfjs_binding.node");

/** The installation in a folder; undefined if it is incomplete. */
export async function findInstallation(directory: string): Promise<Installation | undefined> {
  const text = await readFile(installationFile(directory), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  return Installation.safeParse(JSON.parse(text)).data;
}
