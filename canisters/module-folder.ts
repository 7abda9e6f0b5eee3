import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { type CanisterName, canisterNames } from "../src/base/canister-names.ts";
import { TypedError } from "../src/base/typed-error.ts";
import type { Compiled } from "./compile.ts";

/**
 * Leaves compiled canisters in a folder: of each its module (`<name>.wasm.gz`), the signature of its stable variables
 * (`<name>.most`) and its interface (`<name>.did`). The same canisters give the same bytes.
 */
export async function writeModuleFolder(
  folder: string,
  compiled: Partial<Record<CanisterName, Compiled>>,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of canisterNames) {
    const canister = compiled[name];
    if (canister === undefined) continue;
    await writeFile(join(folder, `${name}.wasm.gz`), await promisify(gzip)(canister.wasm, { level: 9 }));
    await writeFile(join(folder, `${name}.most`), canister.stable);
    await writeFile(join(folder, `${name}.did`), canister.candid);
  }
}

/**
 * Reads what `writeModuleFolder` left, all canisters of it.
 * @throws TypedError MODULES_INVALID names the file that is missing or is no module
 */
export async function readModuleFolder(folder: string): Promise<Record<CanisterName, Compiled>> {
  const entries = await Promise.all(
    canisterNames.map(async (name) => [name, await readCanister(join(folder, name))] as const),
  );
  return Object.fromEntries(entries) as Record<CanisterName, Compiled>;
}

async function readCanister(path: string): Promise<Compiled> {
  const [packed, stable, candid] = await Promise.all(
    [".wasm.gz", ".most", ".did"].map((ending) => read(path + ending)),
  );
  return { wasm: await unpacked(`${path}.wasm.gz`, packed!), stable: `${stable}`, candid: `${candid}` };
}

async function unpacked(file: string, packed: Uint8Array): Promise<Uint8Array> {
  const bytes = await promisify(gunzip)(packed).catch(() => Buffer.of());
  // "\0asm" @source WebAssembly core specification, 5.5.16 "Modules"
  if (bytes.length > 8 && bytes.readUInt32BE(0) === 0x0061736d) return new Uint8Array(bytes);
  throw new TypedError("MODULES_INVALID", `${file} is no Wasm module packed by gzip: ${howTo}`);
}

async function read(file: string): Promise<Buffer> {
  return readFile(file).catch((cause: Error) => {
    throw new TypedError("MODULES_INVALID", `${file} cannot be read: ${howTo}`, { cause });
  });
}

const howTo = "kiln canisters build --out FOLDER makes all files of such a folder";
