import { HttpAgent, type Identity } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { startLocalnet } from "../../src/index.ts";

/** A replica that the checks run against. */
export interface ReplicaUnderTest extends AsyncDisposable {
  agent(identity: Identity): Promise<HttpAgent>;
  /** An id of each subnet that canisters can be made on: the first subnet's, then those of others. */
  near: Principal[];
}

/**
 * The replica at `KILN_IC_HOST`, or a local network of two subnets. The other replica must create canisters for
 * everybody (`provisional_create_canister_with_cycles`); `KILN_IC_NEAR` names ids of its subnets, with commas between.
 */
export async function replicaUnderTest(env: NodeJS.ProcessEnv): Promise<ReplicaUnderTest> {
  const connect = (host: string) => (identity: Identity) =>
    HttpAgent.create({ host, identity, shouldFetchRootKey: true });
  const ids = (texts: string) => texts.split(",").map((text) => Principal.fromText(text));
  const { KILN_IC_HOST: host, KILN_IC_NEAR: near = "rwlgt-iiaaa-aaaaa-aaaaa-cai" } = env;
  if (host) return { agent: connect(host), near: ids(near), [Symbol.asyncDispose]: async () => {} };
  const network = await startLocalnet({ subnets: 2 });
  return {
    agent: connect(network.url),
    near: ids("rwlgt-iiaaa-aaaaa-aaaaa-cai,5v3p4-iyaaa-aaaaa-qaaaa-cai"),
    [Symbol.asyncDispose]: () => network[Symbol.asyncDispose](),
  };
}
