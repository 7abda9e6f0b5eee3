import { setTimeout as sleep } from "node:timers/promises";
import { Actor, type HttpAgent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import * as contentIndex from "@kiln/client/bindings/content_index";
import * as storage from "@kiln/client/bindings/storage";
import { createAgent } from "@kiln/client/network/agent";
import { compileCanisters } from "../../canisters/compile.ts";
import { createReplica } from "../../localnet/src/replica/replica.ts";
import type { Replica } from "../../localnet/src/replica/types.ts";
import { serve } from "../../localnet/src/serve.ts";
import { management } from "../../src/ic/canisters/management.ts";
import { grantRole } from "../../src/ic/canisters/roles.ts";
import { installKiln } from "../../src/ic/deploy/install-kiln.ts";
import type { KilnCanisters } from "../../src/ic/network/deployment.ts";
import { madeUpIdentity } from "../../src/ic/network/identity.ts";

/** Kiln's canisters on a local network in this process, and what their messages take. */
export type BenchNetwork = AsyncDisposable & {
  replica: Replica;
  /** Admin, publisher, recommender and controller of every canister. */
  agent: HttpAgent;
  /** Of somebody new. */
  stranger(): Promise<HttpAgent>;
  canisters: KilnCanisters;
  index: contentIndex._SERVICE;
  storage: storage._SERVICE;
  /** Runs calls and sums up the instructions of the messages whose entry has that in its name. */
  counted(name: string, run: () => Promise<unknown>): Promise<number>;
  /** Runs calls and says how many cycles all canisters together have lost by it. */
  spent(run: () => Promise<unknown>): Promise<number>;
};

/** Cycles: more than reading the balances takes away from all canisters, less than any message holds back. */
const readingCosts = 1_000_000_000n;

export async function openBenchNetwork(): Promise<BenchNetwork> {
  const executed: { entry: string; instructions: bigint }[] = [];
  await using opened = new AsyncDisposableStack();
  let made: Replica | undefined;
  const network = opened.use(
    await serve({ host: "127.0.0.1", port: 0 }, async ([subnetId]) => {
      made = await createReplica({ subnetId: subnetId!, onExecuted: (message) => executed.push(message) });
      return made;
    }),
  );
  const replica = made!;
  const stranger = () =>
    createAgent({
      host: `http://127.0.0.1:${network.port}`,
      identity: madeUpIdentity(),
      rootKey: { from: "bytes", bytes: network.rootKey },
    });
  const agent = await stranger();
  const canisters = await installKiln({ agent, modules: await compileCanisters() });
  const me = (await agent.getPrincipal()).toText();
  await grantRole(agent, canisters.global_configuration, me, "recommender");

  async function balances(): Promise<bigint> {
    let sum = 0n;
    for (const id of replica.canisterIds()) {
      const canisterId = Principal.fromUint8Array(id);
      const status = await management(agent, canisterId.toText())
        .canister_status({ canister_id: canisterId })
        .catch(() => undefined);
      sum += status?.cycles ?? 0n;
    }
    return sum;
  }

  /** A message under way holds cycles back: 80 G for a callback alone. Read until nothing moves any more. */
  async function settledBalances(): Promise<bigint> {
    for (let before = await balances(); ; ) {
      await sleep(200);
      const now = await balances();
      if (before - now < readingCosts && now <= before) return now;
      before = now;
    }
  }

  const resources = opened.move();
  return {
    replica,
    agent,
    stranger,
    canisters,
    index: Actor.createActor(contentIndex.idlFactory, { agent, canisterId: canisters.content_index }),
    storage: Actor.createActor(storage.idlFactory, { agent, canisterId: canisters.storage }),
    counted: async (name, run) => {
      executed.length = 0;
      await run();
      const messages = executed.filter(({ entry }) => entry.includes(name) || entry.includes("callback"));
      return Number(messages.reduce((sum, { instructions }) => sum + instructions, 0n));
    },
    spent: async (run) => {
      const before = await settledBalances();
      await run();
      return Number(before - (await settledBalances()));
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
