import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

/** Kiln's own folder, whatever folder it is run from. */
const ownFolder = fileURLToPath(new URL("../..", import.meta.url));

export const HomeSettings = z
  .object({
    KILN_HOME: z.string().min(1).optional().meta({
      description:
        "folder for everything that Kiln keeps, unless a setting of its own names another folder for some of it",
      shownDefault: "`.kiln` in Kiln's own folder, and `models` there",
    }),
  })
  .meta({ title: "Folders" });

/**
 * The absolute path of something that Kiln keeps. Read from the environment at each call, as PATH is: child processes
 * inherit it.
 */
export function inKilnHome(...path: string[]): string {
  const home = process.env.KILN_HOME ? resolve(process.env.KILN_HOME) : join(ownFolder, ".kiln");
  return join(home, ...path);
}

/** The folder of model versions: in KILN_HOME, or else beside Kiln's sources. */
export const modelsFolder = (): string =>
  process.env.KILN_HOME ? inKilnHome("models") : join(ownFolder, "models");
