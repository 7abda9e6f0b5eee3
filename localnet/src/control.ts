import { Principal } from "@dfinity/principal";
import type { Fault } from "./replica/faults.ts";
import type { Latency } from "./replica/latency.ts";
import type { LocalReplica } from "./replica/replica.ts";
import type { Executed } from "./replica/scheduler.ts";

/** An executed message, for tests and benchmarks. */
export interface Execution {
  /** Text of the canister's id. */
  canister: string;
  /** The exported function ("canister_update put"), a callback, or how code was installed ("upgrade"). */
  entry: string;
  instructions: bigint;
}

/** What tests can do to a network that clients cannot. */
export interface Control {
  /** The messages executed since the last call, at most the latest 100,000. */
  takeExecutions(): Execution[];
  /**
   * Sets the network's clock forward: timers fire, deadlines pass, storage is charged. Resolves when everything that
   * this causes has run, apart from messages that are still on their way or held for a stopped subnet.
   */
  advanceTime(milliseconds: number): Promise<void>;
  injectFault(fault: Fault): void;
  clearFaults(): void;
  /** How long messages take from now on. */
  setLatency(latency: Latency): void;
  /** Messages to a stopped subnet's canisters wait until it is started again; its HTTP interface answers 503. */
  stopSubnet(index: number): void;
  startSubnet(index: number): void;
  /** Stops or starts a canister, regardless of its controllers. */
  setCanisterStatus(canister: string, status: "running" | "stopped"): void;
  /** Texts of the subnets' ids, the root subnet's first. */
  subnetIds(): string[];
}

/** How many executions are kept. */
const kept = 100_000;

/** Collects executions until they are taken. */
export class ExecutionLog {
  #executed: Executed[] = [];

  add(executed: Executed): void {
    this.#executed.push(executed);
    if (this.#executed.length > 2 * kept) this.#executed = this.#executed.slice(-kept);
  }

  take(): Execution[] {
    const taken = this.#executed.slice(-kept);
    this.#executed = [];
    return taken.map(({ canister, entry, instructions }) => ({
      canister: text(canister),
      entry,
      instructions,
    }));
  }
}

/** @param clock the network's clock, nanoseconds ahead of the system's */
export function controlOf(replica: LocalReplica, log: ExecutionLog, clock: { offset: bigint }): Control {
  const { faults } = replica;
  return {
    takeExecutions: () => log.take(),
    advanceTime: async (milliseconds) => {
      clock.offset += BigInt(Math.round(milliseconds * 1e6));
      replica.timeChanged();
      await replica.settled();
    },
    injectFault: (fault) => faults.inject(fault),
    clearFaults: () => faults.clear(),
    setLatency: (latency) => replica.setLatency(latency),
    stopSubnet: (index) => replica.stopSubnet(index),
    startSubnet: (index) => replica.startSubnet(index),
    setCanisterStatus: (canister, status) =>
      replica.setCanisterStatus(Principal.fromText(canister).toUint8Array(), status),
    subnetIds: () => replica.subnetIds.map(text),
  };
}

function text(id: Uint8Array): string {
  return Principal.fromUint8Array(id).toText();
}
