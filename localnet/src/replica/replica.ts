import { z } from "zod";
import { cannotPay, chargeIdle } from "../canister/account.ts";
import type { Canister } from "../canister/canister.ts";
import { executeDiscarded } from "../canister/execute.ts";
import { errorCodes, type Rejection, reject, rejectionOf, textOf } from "../canister/trap.ts";
import { ingressFee } from "../cycles/fees.ts";
import { LocalnetError } from "../localnet-error.ts";
import { admit } from "./admission.ts";
import type { Request } from "./call-context.ts";
import { CanisterRegistry } from "./canister-registry.ts";
import { Clock } from "./clock.ts";
import { Faults } from "./faults.ts";
import { defaultInstructionLimits, type InstructionLimits } from "./instruction-limits.ts";
import { type Latency, latencySchema } from "./latency.ts";
import { uninstall } from "./management/code.ts";
import { Management } from "./management/management.ts";
import type { ManagementCall } from "./management/method.ts";
import type { OutcallPolicy } from "./management/outcall-interface.ts";
import { type Query, type QueryWorld, runQuery } from "./query.ts";
import { type Answer, type Executed, Scheduler } from "./scheduler.ts";
import { Autosave } from "./state/autosave.ts";
import type { Durability } from "./state/durable-writer.ts";
import { StateFolder } from "./state/state-folder.ts";
import { type SubnetList, subnetList } from "./subnet-list.ts";
import type { SystemCanister } from "./system/system-canister.ts";
import { querySystemMethod, runSystemMethod, SystemCanisters } from "./system/system-canisters.ts";
import type { CallResult, CanisterState, Ingress, Replica } from "./types.ts";

export interface ReplicaOptions {
  /** Folder that keeps the canisters over restarts; without one they live as long as the replica. */
  state?: string;
  /** What answered updates survive; `process` by default. */
  durability?: Durability;
  /** Of the root subnet. */
  subnetId: Uint8Array;
  /** Ids of further subnets. */
  otherSubnets?: readonly Uint8Array[];
  instructionLimits?: Partial<InstructionLimits>;
  /** By default messages take no time. */
  latency?: Latency;
  /** Where HTTPS outcalls may go; by default nowhere. */
  outcalls?: OutcallPolicy;
  /** Called with the cost of each executed message. */
  onExecuted?: (execution: Executed) => void;
  /** Nanoseconds since 1970; by default the system's clock. */
  now?: () => bigint;
}

const systemTime = () => BigInt(Date.now()) * 1_000_000n;

/**
 * Starts a replica with the canisters of its state folder, or with none.
 *
 * Differences from the platform: nothing is charged while the replica is off; messages run one at a time over all
 * subnets, in the order of their arrival. With a state folder, an update is answered after its changes are saved, so
 * an answered update survives the death of the process (and a power cut, with `durability: "machine"`). Changes that no
 * update waits for (timers, heartbeats) are saved within half a second. Pending calls do not survive a restart: their
 * callbacks never run.
 * @throws LocalnetError STATE_UNREADABLE
 */
export async function createReplica(options: ReplicaOptions): Promise<LocalReplica> {
  if (options.state === undefined) return new LocalReplica(options, new CanisterRegistry());
  const { folder, registry } = await StateFolder.open(options.state, options.durability ?? "process");
  return new LocalReplica(options, registry, new Autosave(folder, registry));
}

/** A replica, with controls for tests. */
export class LocalReplica implements Replica {
  readonly faults = new Faults();
  readonly #registry: CanisterRegistry;
  readonly #limits: InstructionLimits;
  readonly #now: () => bigint;
  readonly #scheduler: Scheduler;
  readonly #management: Management;
  readonly #system: SystemCanisters;
  readonly #subnets: SubnetList;
  readonly #clock: Clock;
  readonly #stopped = new AbortController();
  readonly #autosave: Autosave | undefined;
  readonly #onExecuted: (execution: Executed) => void;

  constructor(options: ReplicaOptions, registry: CanisterRegistry, autosave?: Autosave) {
    const limits = { ...defaultInstructionLimits, ...options.instructionLimits };
    const now = options.now ?? systemTime;
    const onExecuted = options.onExecuted ?? (() => {});
    this.#registry = registry;
    this.#limits = limits;
    this.#now = now;
    this.#autosave = autosave;
    const subnets = subnetList([options.subnetId, ...(options.otherSubnets ?? [])]);
    this.#subnets = subnets;
    this.#system = new SystemCanisters({ registry, subnets, now });
    this.#management = new Management({
      registry,
      subnets,
      limits,
      now,
      scheduler: () => this.#scheduler,
      charge: (canister) => this.#charge(canister),
      outcalls: options.outcalls ?? "off",
      query: (query) => runQuery(this.#queryWorld(), { ...query, dataCertificate: undefined }),
      signal: this.#stopped.signal,
      onExecuted,
    });
    this.#scheduler = new Scheduler({
      registry,
      limits,
      now,
      subnets,
      faults: this.faults,
      serve: (request, answer) => this.#serve(request, answer),
      charge: (canister) => this.#charge(canister),
      onExecuted,
      onProgress: () => {
        this.#clock.reschedule();
        autosave?.touch();
      },
    });
    this.setLatency(options.latency ?? {});
    this.#onExecuted = onExecuted;
    this.#clock = new Clock(registry, now, {
      wake: (task) => this.#scheduler.enqueue(task),
      charge: (canister) => this.#charge(canister),
    });
    this.#clock.reschedule();
  }

  /** In an old state folder, a user's canister may have an id that a system canister has today; it keeps the id. */
  #systemAt(id: Uint8Array): SystemCanister | undefined {
    return this.#registry.get(id) ? undefined : this.#system.find(id);
  }

  #serve(request: Request, answer: Answer): "served" | "not mine" {
    const { origin, callee, caller, method, arg, cycles } = request;
    if (callee.length === 0) {
      const from = origin.kind === "ingress" && { effectiveCanisterId: origin.effectiveCanisterId };
      this.#management.execute({ caller, method, arg, cycles, origin: origin.kind, ...from }, answer);
      return "served";
    }
    const system = this.#systemAt(callee);
    if (!system) return "not mine";
    const kind = origin.kind === "ingress" ? "ingress" : "call";
    runSystemMethod(system, { caller, method, arg, cycles, origin: kind }, answer);
    return "served";
  }

  #serveQuery({ caller, callee, method, arg }: Query): CallResult | undefined {
    const call = { caller, method, arg, cycles: 0n };
    if (callee.length === 0) return this.#management.query({ ...call, origin: "ingress" });
    const system = this.#systemAt(callee);
    return system && querySystemMethod(system, { ...call, origin: "query" });
  }

  /** "The canister is uninstalled" when it cannot pay. */
  #charge(canister: Canister): void {
    if (chargeIdle(canister, this.#now()) === "paid" || !canister.program) return;
    uninstall(canister);
    canister.chunks = new Map();
    canister.snapshots = [];
    this.#scheduler.abandon(canister.id);
  }

  get subnetIds(): readonly Uint8Array[] {
    return this.#subnets.ids;
  }

  /** The clock that `now` reads was set forward. */
  timeChanged(): void {
    this.#clock.timeChanged();
    this.#scheduler.timeChanged();
  }

  /** Resolves when no message is left to run. See Scheduler.settled. */
  settled(): Promise<void> {
    return this.#scheduler.settled();
  }

  /** How long messages take from now on. @throws LocalnetError LATENCY_INVALID naming the invalid part */
  setLatency(latency: Latency): void {
    const { data, error } = latencySchema.safeParse(latency);
    if (!data) throw new LocalnetError("LATENCY_INVALID", `the latency: ${z.prettifyError(error)}`);
    this.#scheduler.latency = data;
  }

  stopSubnet(index: number): void {
    this.#scheduler.stopSubnet(index);
  }

  startSubnet(index: number): void {
    this.#scheduler.startSubnet(index);
  }

  /** Regardless of the canister's controllers. */
  setCanisterStatus(id: Uint8Array, status: "running" | "stopped"): void {
    const canister = this.#registry.get(id);
    if (canister) canister.status = status;
  }

  isAvailable(canisterId: Uint8Array): boolean {
    return !this.#scheduler.isStopped(canisterId);
  }

  async inspect(ingress: Ingress): Promise<Rejection | undefined> {
    const { sender: caller, canisterId, method, arg } = ingress;
    if (canisterId.length === 0) return this.#management.inspect(managementCall(ingress));
    if (this.#systemAt(canisterId)) return undefined;
    const admitted = admit(this.#registry, canisterId);
    if ("rejection" in admitted) return admitted.rejection;
    const { canister, program } = admitted;
    const unpaid = cannotPay(canister, ingressFee(method.length + arg.length));
    if (unpaid) return unpaid;
    if (!program.module.functions.has("canister_inspect_message")) return undefined;
    const { trap, journal } = executeDiscarded(canister, {
      context: "F",
      entry: { export: "canister_inspect_message" },
      input: { caller, arg, method },
      limit: this.#limits.inspect,
      time: this.#now(),
    });
    if (trap) return rejectionOf(trap, canisterId);
    if (journal.accepted === "yes") return undefined;
    const message = `Error from Canister ${textOf(canisterId)}: Canister rejected the message`;
    return reject(errorCodes.canisterRejected, message);
  }

  async update(ingress: Ingress): Promise<CallResult> {
    const result = await this.#execute(ingress);
    // An answered update survives the death of the process; simultaneous answers share a save.
    await this.flush();
    return result;
  }

  #execute({ sender, canisterId, method, arg, effectiveCanisterId }: Ingress): Promise<CallResult> {
    return new Promise((respond) => {
      this.#scheduler.send({
        kind: "request",
        origin: {
          kind: "ingress",
          route: { caller: sender, callee: canisterId, method },
          effectiveCanisterId,
          respond,
        },
        caller: sender,
        callee: canisterId,
        method,
        arg,
        cycles: 0n,
        deadline: 0n,
      });
    });
  }

  async query(ingress: Ingress, dataCertificate: Uint8Array | undefined): Promise<CallResult> {
    const { sender: caller, canisterId: callee, method, arg } = ingress;
    return runQuery(this.#queryWorld(), { caller, callee, method, arg, dataCertificate });
  }

  #queryWorld(): QueryWorld {
    return {
      registry: this.#registry,
      limit: this.#limits.query,
      time: this.#now(),
      subnets: this.#subnets,
      serve: (query: Query) => this.#serveQuery(query),
      onExecuted: this.#onExecuted,
    };
  }

  canister(id: Uint8Array): CanisterState | undefined {
    const canister = this.#registry.get(id);
    const system = this.#systemAt(id);
    return system ? this.#system.state(system) : canister && stateOf(canister);
  }

  canisterIds(): Uint8Array[] {
    const own = this.#system.ids().filter((id) => this.#systemAt(id));
    return [...this.#registry.all().map(({ id }) => id), ...own].sort(Buffer.compare);
  }

  async flush(): Promise<void> {
    await this.#autosave?.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#clock.stop();
    this.#stopped.abort();
    this.#scheduler.close();
    await this.flush();
  }
}

function managementCall({ sender, method, arg }: Ingress): ManagementCall {
  return { origin: "ingress", caller: sender, method, arg, cycles: 0n };
}

const sectionName = /^icp:(public|private) (.*)$/s;

function stateOf({ id, settings, program, certifiedData }: Canister): CanisterState {
  const metadata: CanisterState["metadata"] = new Map(
    program?.module.customs.flatMap(({ name, content }) => {
      const [, visibility, key] = sectionName.exec(name) ?? [];
      return key === undefined ? [] : [[key, { visibility: visibility as "public" | "private", content }]];
    }),
  );
  const moduleHash = program && { moduleHash: program.module.hash };
  return { id, controllers: settings.controllers, certifiedData, metadata, ...moduleHash };
}
