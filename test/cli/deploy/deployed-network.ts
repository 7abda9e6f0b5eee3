import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Compiled, compileAll } from "../../../canisters/compile.ts";
import { writeModuleFolder } from "../../../canisters/module-folder.ts";
import type { CanisterName } from "../../../src/base/canister-names.ts";
import type { KilnModules } from "../../../src/ic/deploy/install-kiln.ts";
import { writeDeployment } from "../../../src/ic/network/deployment.ts";
import { createIdentity } from "../../../src/ic/network/identity.ts";
import { type CanisterNetwork, startCanisters, withSection } from "../../canisters/network.ts";

export type DeployedNetwork = CanisterNetwork & {
  /** In which kiln finds the network as its local one. */
  folder: string;
  /** What `kiln deploy --modules` takes: this tree's canisters, but for these. */
  modulesWith(name: string, others: Partial<Record<CanisterName, Compiled>>): Promise<string>;
};

/** Kiln's canisters on a network that `kiln` takes for the running local one. */
export async function startDeployed(modules?: KilnModules): Promise<DeployedNetwork> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await mkdtempDisposable(join(tmpdir(), "deployed-"))).path;
  const pem = join(folder, "identity.pem");
  const identity = await createIdentity(pem);
  const network = opened.use(await startCanisters(modules ? { modules, identity } : { identity }));
  const { url: host, canisters } = network;
  await writeDeployment(join(folder, ".kiln/localnet/kiln.json"), { host, identity: pem, canisters });
  const resources = opened.move();
  return {
    ...network,
    folder,
    async modulesWith(name, others) {
      const path = join(folder, name);
      await writeModuleFolder(path, { ...(await compileAll()), ...others });
      return path;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The same canister under another hash. */
export function renamed(compiled: Compiled, name: string): Compiled {
  return { ...compiled, wasm: withSection(compiled.wasm, name) };
}
