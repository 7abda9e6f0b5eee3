import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { settingsSchemas } from "../known-settings.ts";
import { errorReference } from "./error-reference.ts";
import { settingsPage } from "./settings-page.ts";

/** Pages of docs/reference/ that are made from the sources, by name. */
const pages: Readonly<Record<string, () => string>> = {
  "errors.md": errorReference,
  "settings.md": () => settingsPage(settingsSchemas),
};

const pathOf = (name: string) => fileURLToPath(new URL(`../../../docs/reference/${name}`, import.meta.url));

/** @returns the names of pages that differ from their sources */
export async function stalePages(): Promise<string[]> {
  const stale = [];
  for (const [name, render] of Object.entries(pages))
    if ((await readFile(pathOf(name), "utf8").catch(() => "")) !== render()) stale.push(name);
  return stale;
}

export async function writeGeneratedPages(): Promise<void> {
  for (const [name, render] of Object.entries(pages)) await writeFile(pathOf(name), render());
}
