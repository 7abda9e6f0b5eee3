import assert from "node:assert/strict";
import { mkdtempDisposable, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { compileAll } from "../../canisters/compile.ts";
import { readModuleFolder, writeModuleFolder } from "../../canisters/module-folder.ts";
import { canisterNames } from "../../src/base/canister-names.ts";

test("a folder of modules is read as it was written, and the same canisters give the same bytes", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "modules-"));
  const compiled = await compileAll();
  await writeModuleFolder(folder.path, compiled);
  assert.deepEqual(await readModuleFolder(folder.path), compiled);
  const files = (await readdir(folder.path)).sort();
  const endings = [".did", ".most", ".wasm.gz"];
  assert.deepEqual(files, canisterNames.flatMap((name) => endings.map((ending) => name + ending)).sort());
  const read = () => Promise.all(files.map((file) => readFile(join(folder.path, file))));
  const first = await read();
  await writeModuleFolder(folder.path, compiled);
  assert.deepEqual(await read(), first);
});

test("names files that are missing or are not modules", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "modules-"));
  await writeModuleFolder(folder.path, await compileAll());
  await writeFile(join(folder.path, "storage.wasm.gz"), "not packed");
  await assert.rejects(readModuleFolder(folder.path), {
    code: "MODULES_INVALID",
    message: /storage\.wasm\.gz is no Wasm module packed by gzip: kiln canisters build/,
  });
  await rm(join(folder.path, "user.most"));
  await writeModuleFolder(folder.path, { storage: (await compileAll()).storage });
  await assert.rejects(readModuleFolder(folder.path), {
    code: "MODULES_INVALID",
    message: /user\.most cannot be read/,
  });
});
