import { existsSync } from "node:fs";
import { join } from "node:path";
import { createAgent } from "@kiln/client/network/agent";
import { type Durability, type Latency, type OutcallPolicy, startLocalnet } from "@kiln/localnet";
import { compileCanisters } from "../../../canisters/compile.ts";
import { installKiln } from "../../ic/deploy/install-kiln.ts";
import { type Deployment, readDeployment, writeDeployment } from "../../ic/network/deployment.ts";
import { createIdentity, readIdentity } from "../../ic/network/identity.ts";

export type LocalNetwork = {
  deployment: Deployment;
  rootKey: Uint8Array;
  /** Texts of their ids, the root subnet's first. */
  subnetIds: string[];
} & AsyncDisposable;

/**
 * Starts a local network with Kiln's canisters in it, and leaves `kiln.json` (where they are) and `identity.pem`
 * (who may publish) in `folder`. Canisters that are there already are upgraded and keep what they hold.
 * @param options.folder made when it is absent
 * @param options.state keeps the network over restarts; without it everything goes when it stops
 * @param options.port 0 takes a free one
 * @param options.subnets how many there are at least
 * @param options.latency how long messages take, no time by default
 * @param options.outcalls where canisters' HTTPS outcalls may go, nowhere by default
 * @param options.durability what the state outlasts: the death of the process, or also that of the machine
 * @throws LocalnetError PORT_TAKEN, STATE_IN_USE..., MOTOKO_REFUSED
 */
export async function startLocalNetwork(options: {
  folder: string;
  state?: string;
  port?: number;
  subnets?: number;
  latency?: Latency;
  outcalls?: OutcallPolicy;
  durability?: Durability;
}): Promise<LocalNetwork> {
  const {
    folder,
    state,
    port = 0,
    subnets = 3,
    latency = {},
    outcalls = "off",
    durability = "process",
  } = options;
  const modules = await compileCanisters();
  await using opened = new AsyncDisposableStack();
  const network = opened.use(
    await startLocalnet({
      port,
      subnets,
      latency,
      outcalls,
      durability,
      ...(state === undefined ? {} : { state }),
    }),
  );
  const pem = join(folder, "identity.pem");
  const identity = existsSync(pem) ? await readIdentity(pem) : await createIdentity(pem);
  const agent = await createAgent({
    host: network.url,
    identity,
    rootKey: { from: "bytes", bytes: network.rootKey },
  });
  const file = join(folder, "kiln.json");
  const former = state === undefined ? undefined : await readDeployment(file);
  const canisters = await installKiln({ agent, modules, canisters: former?.canisters });
  const deployment = { host: network.url, identity: pem, canisters };
  await writeDeployment(file, deployment);
  const resources = opened.move();
  const subnetIds = await network.control.subnetIds();
  const { rootKey } = network;
  return { deployment, rootKey, subnetIds, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
