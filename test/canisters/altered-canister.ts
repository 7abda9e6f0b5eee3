import assert from "node:assert/strict";
import { cp, mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileMotoko } from "@kiln/localnet";
import type { Compiled } from "../../canisters/compile.ts";
import type { CanisterName } from "../../src/base/canister-names.ts";

/**
 * Compiles one of Kiln's canisters with changes to its main.mo.
 * @param changes text that must occur, and its replacement
 */
export async function alteredCanister(
  name: CanisterName,
  changes: readonly (readonly [from: string, to: string])[],
): Promise<Compiled> {
  await using folder = await mkdtempDisposable(join(tmpdir(), "altered-"));
  await cp(fileURLToPath(new URL("../../canisters", import.meta.url)), folder.path, { recursive: true });
  const main = join(folder.path, name, "main.mo");
  let text = await readFile(main, "utf8");
  for (const [from, to] of changes) {
    assert.ok(text.includes(from), `${name}/main.mo does not contain: ${from}`);
    text = text.replace(from, to);
  }
  await writeFile(main, text);
  const cache = fileURLToPath(new URL("../../.cache/canisters", import.meta.url));
  return await compileMotoko({ main, cache });
}
