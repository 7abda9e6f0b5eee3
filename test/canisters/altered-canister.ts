import assert from "node:assert/strict";
import { cp, mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileMotoko } from "@kiln/localnet";
import type { Compiled } from "../../canisters/compile.ts";
import type { CanisterName } from "../../src/base/canister-names.ts";

/**
 * Compiles one of Kiln's canisters with changes to its main.mo, or to another of its files.
 * @param changes text that must occur, its replacement, and the file
 */
export async function alteredCanister(
  name: CanisterName,
  changes: readonly (readonly [from: string, to: string, file?: string])[],
): Promise<Compiled> {
  await using folder = await mkdtempDisposable(join(tmpdir(), "altered-"));
  await cp(fileURLToPath(new URL("../../canisters", import.meta.url)), folder.path, { recursive: true });
  const main = join(folder.path, name, "main.mo");
  for (const [from, to, file = "main.mo"] of changes) {
    const path = join(folder.path, name, file);
    const text = await readFile(path, "utf8");
    assert.ok(text.includes(from), `${name}/${file} does not contain: ${from}`);
    await writeFile(path, text.replace(from, to));
  }
  const cache = fileURLToPath(new URL("../../.cache/canisters", import.meta.url));
  return await compileMotoko({ main, cache });
}
