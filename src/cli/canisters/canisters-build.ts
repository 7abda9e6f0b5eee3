import { writeFile } from "node:fs/promises";
import { Argument, type Command } from "commander";
import { compileAll, compileCanister } from "../../../canisters/compile.ts";
import { writeModuleFolder } from "../../../canisters/module-folder.ts";
import { type CanisterName, canisterNames } from "../../base/canister-names.ts";
import { TypedError } from "../../base/typed-error.ts";

type Options = { out?: string; wasm?: string };

export default function build(command: Command): void {
  command
    .description("compile this tree's canisters, for a release or for other tools")
    .addArgument(new Argument("[canister]", "only this one").choices(canisterNames))
    .option(
      "--out <folder>",
      "write module (.wasm.gz), stable signature (.most) and interface (.did) of each here",
    )
    .option("--wasm <file>", "write the module of one canister here, uncompressed, as icp.yaml needs it")
    .addHelpText(
      "after",
      `
Examples:
  kiln canisters build --out modules           kiln deploy --modules modules deploys them
  kiln canisters build storage --wasm storage.wasm`,
    )
    .action(run);
}

async function run(name: CanisterName | undefined, { out, wasm }: Options): Promise<void> {
  if (out === undefined && wasm === undefined)
    throw new TypedError("DESTINATION_UNKNOWN", "name --out FOLDER, or --wasm FILE for one canister");
  if (wasm !== undefined && name === undefined)
    throw new TypedError("CANISTER_UNKNOWN", `--wasm takes one canister: ${canisterNames.join(", ")}`);
  const compiled = name === undefined ? await compileAll() : { [name]: await compileCanister(name) };
  if (out !== undefined) await writeModuleFolder(out, compiled);
  if (wasm !== undefined && name !== undefined) await writeFile(wasm, (await compileCanister(name)).wasm);
}
