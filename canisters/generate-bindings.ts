/**
 * Writes packages/client/src/bindings from the Candid files: `node canisters/generate-bindings.ts`.
 * With `--check` it writes nothing, names what is stale and ends with exit code 1.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { IDL } from "@dfinity/candid";
import { generate } from "@icp-sdk/bindgen/core";
import { type CanisterName, canisterNames } from "../src/base/canister-names.ts";
import { compileCanister } from "./compile.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const didOf = (name: CanisterName) => join(root, "canisters", name, `${name}.did`);
const bindingOf = (name: CanisterName) => join(root, "packages/client/src/bindings", `${name}.ts`);

/** What is wrong with the checked-in interfaces, a sentence each; empty when all is as it should be. */
export async function staleBindings(): Promise<string[]> {
  const faults = [];
  for (const name of canisterNames) {
    const expected = await bindingFor(didOf(name));
    const present = await readFile(bindingOf(name), "utf8").catch(() => undefined);
    if (present !== expected)
      faults.push(
        `packages/client/src/bindings/${name}.ts is not what ${name}.did gives: node canisters/generate-bindings.ts`,
      );
    const { candid: compiled } = await compileCanister(name);
    if ((await signature(await readFile(didOf(name), "utf8"))) !== (await signature(compiled)))
      faults.push(
        `canisters/${name}/${name}.did is not the interface of ${name}/main.mo, which is:\n${compiled}`,
      );
  }
  return faults;
}

export async function writeBindings(): Promise<void> {
  await mkdir(join(root, "packages/client/src/bindings"), { recursive: true });
  for (const name of canisterNames) await writeFile(bindingOf(name), await bindingFor(didOf(name)));
}

/** Types and idlFactory for a Candid file; they import @dfinity's packages, which are the ones installed here. */
async function bindingFor(didFile: string): Promise<string> {
  await using folder = await scratchFolder();
  await generate({
    didFile,
    outDir: folder.path,
    output: { actor: { disabled: true }, declarations: { typescript: true, flat: true } },
  });
  const [name] = didFile.split("/").slice(-1);
  const text = await readFile(join(folder.path, `${name}.ts`), "utf8");
  return withoutUnusedImports(text.replaceAll("@icp-sdk/core/", "@dfinity/"));
}

/** The generator imports the same types for every service. */
function withoutUnusedImports(text: string): string {
  return text.replace(/^import type { (\w+) } .*\n/gm, (line, name: string) =>
    text.split(new RegExp(`(?<![.\\w])${name}\\b`)).length > 2 ? line : "",
  );
}

/** The interface without names of types, names of arguments, comments and order: equal where the services are. */
async function signature(candid: string): Promise<string> {
  await using folder = await scratchFolder();
  const did = join(folder.path, "service.did");
  const module = join(folder.path, "service.ts");
  await writeFile(did, candid);
  await writeFile(module, await bindingFor(did));
  const { idlFactory, init } = (await import(pathToFileURL(module).href)) as {
    idlFactory: IDL.InterfaceFactory;
    init: (args: { IDL: typeof IDL }) => IDL.Type[];
  };
  const service = idlFactory({ IDL }) as unknown as IDL.ServiceClass;
  const methods = service._fields.map(([name, method]) => `${name}: ${method.display()}`);
  return [`init: ${init({ IDL }).map((type) => type.display())}`, ...methods.sort()].join("\n");
}

/** Inside the repository, where generated modules find the packages that they import. */
async function scratchFolder(): Promise<AsyncDisposable & { path: string }> {
  await mkdir(join(root, ".cache"), { recursive: true });
  const path = await mkdtemp(join(root, ".cache/bindings-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  if (values.check) {
    const faults = await staleBindings();
    for (const fault of faults) console.error(fault);
    process.exitCode = faults.length > 0 ? 1 : 0;
  } else await writeBindings();
}
