import assert from "node:assert/strict";
import { Actor, type HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import * as contentIndex from "@kiln/client/bindings/content_index";
import * as dataBackup from "@kiln/client/bindings/data_backup";
import * as globalConfiguration from "@kiln/client/bindings/global_configuration";
import * as storage from "@kiln/client/bindings/storage";
import * as user from "@kiln/client/bindings/user";
import * as userIndex from "@kiln/client/bindings/user_index";
import type { DeployedCanister } from "../../src/base/canister-names.ts";
import { argumentsOf } from "../../src/ic/deploy/arguments.ts";
import { installCanister } from "../../src/ic/deploy/install.ts";
import { startTestNetwork, type TestNetwork } from "../ic/local-network.ts";

/** The canisters as seen by one caller: plain calls, no retries, no translation. */
export type Caller = {
  principal: Principal;
  storage: storage._SERVICE;
  index: contentIndex._SERVICE;
  configuration: globalConfiguration._SERVICE;
  users: userIndex._SERVICE;
  backup: dataBackup._SERVICE;
  /** A user canister. */
  at(canister: Principal): user._SERVICE;
};

export type CanisterNetwork = AsyncDisposable &
  TestNetwork & {
    /** Admin, publisher and controller of every canister. */
    admin: Caller;
    /** A new caller without any role. */
    newCaller(): Promise<Caller>;
    /** Advances the clocks of the network, in steps, and then of all callers. Milliseconds. */
    later(milliseconds: number, step?: number): Promise<void>;
    /** Installs a module that differs from the installed one only in its hash. This clears the membership cache. */
    upgrade(name: DeployedCanister): Promise<void>;
  };

/**
 * Milliseconds by which an agent's clock may be behind the network's: requests expire after about four minutes. Setting
 * the clock costs an agent the verification of several certificates.
 */
const tolerated = 120_000;

/** @param given see startTestNetwork */
export async function startCanisters(
  given?: Parameters<typeof startTestNetwork>[0],
): Promise<CanisterNetwork> {
  const network = await startTestNetwork(given);
  const { agent, canisters, modules } = network;
  const versions = new Map<DeployedCanister, number>();
  const callerWith = async (by: HttpAgent): Promise<Caller> => ({
    principal: await by.getPrincipal(),
    storage: Actor.createActor<storage._SERVICE>(storage.idlFactory, {
      agent: by,
      canisterId: canisters.storage,
    }),
    index: Actor.createActor<contentIndex._SERVICE>(contentIndex.idlFactory, {
      agent: by,
      canisterId: canisters.content_index,
    }),
    configuration: Actor.createActor<globalConfiguration._SERVICE>(globalConfiguration.idlFactory, {
      agent: by,
      canisterId: canisters.global_configuration,
    }),
    users: Actor.createActor<userIndex._SERVICE>(userIndex.idlFactory, {
      agent: by,
      canisterId: canisters.user_index,
    }),
    backup: Actor.createActor<dataBackup._SERVICE>(dataBackup.idlFactory, {
      agent: by,
      canisterId: canisters.data_backup,
    }),
    at: (canisterId) => Actor.createActor<user._SERVICE>(user.idlFactory, { agent: by, canisterId }),
  });
  const agents = [agent];
  /** By how many milliseconds the network's clock is ahead of the agents'. */
  let ahead = 0;
  let isMoved = false;
  const known = Principal.fromText(canisters.storage);
  return {
    ...network,
    admin: await callerWith(agent),
    newCaller: async () => {
      const by = await network.stranger();
      if (isMoved) await by.syncTime(known);
      agents.push(by);
      return callerWith(by);
    },
    later: async (milliseconds, step = milliseconds) => {
      for (let left = milliseconds; left > 0; left -= step) {
        await network.control.advanceTime(Math.min(step, left));
        // A request gives the network a turn to do what is due.
        if (left > step) await agent.status();
      }
      isMoved = true;
      ahead += milliseconds;
      if (ahead < tolerated) return;
      ahead = 0;
      await Promise.all(agents.map((by) => by.syncTime(known)));
    },
    upgrade: async (name) => {
      const version = (versions.get(name) ?? 0) + 1;
      versions.set(name, version);
      await installCanister({
        agent,
        wasm: withSection(modules[name], `version ${version}`),
        arg: argumentsOf(name, canisters, (await agent.getPrincipal()).toText()),
        canisterId: canisters[name],
        mode: "upgrade",
      });
    },
  };
}

/** The init arguments of storage and content_index. */
export function configuredBy(configuration: string): Uint8Array {
  const type = IDL.Record({ global_configuration: IDL.Principal });
  return IDL.encode([type], [{ global_configuration: Principal.fromText(configuration) }]);
}

/** The module with an additional empty custom section of a short name. @source WebAssembly, 5.5.3 "Custom Section" */
export function withSection(wasm: Uint8Array, name: string): Uint8Array {
  const label = new TextEncoder().encode(name);
  return Uint8Array.from([...wasm, 0, label.length + 1, label.length, ...label]);
}

/** The value of a successful result; an error fails the test. */
export function ok<Value>(result: { ok: Value } | { err: unknown }): Value {
  if ("ok" in result) return result.ok;
  throw new Error(`refused: ${JSON.stringify(result.err, replacer)}`);
}

/** The error of a failed result; a success fails the test. */
export function err<Failure>(result: { ok: unknown } | { err: Failure }): Failure {
  if ("err" in result) return result.err;
  throw new Error(`not refused: ${JSON.stringify(result.ok, replacer)}`);
}

/**
 * A caller without the role is refused: in the reply or, a moment after another refusal, on arrival if the method takes large
 * arguments.
 */
export async function isRefused(
  reply: Promise<{ ok: unknown } | { err: unknown }>,
  name = "",
): Promise<void> {
  const result = await reply.catch((error: Error) => error.message);
  if (typeof result === "string") assert.match(result, /explicitly refused/, name);
  else assert.match(JSON.stringify(err(result), replacer), /unauthorized|lacks the role/, name);
}

function replacer(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}` : value;
}
