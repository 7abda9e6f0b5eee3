import { cannotPay, chargeIdle } from "../canister/account.ts";
import type { Canister } from "../canister/canister.ts";
import { executeDiscarded } from "../canister/execute.ts";
import { errorCodes, type Rejection, reject, rejectionOf, textOf } from "../canister/trap.ts";
import { ingressFee } from "../cycles/fees.ts";
import { admit } from "./admission.ts";
import { CanisterRegistry } from "./canister-registry.ts";
import { Clock } from "./clock.ts";
import { defaultInstructionLimits, type InstructionLimits } from "./instruction-limits.ts";
import { uninstall } from "./management/code.ts";
import { Management } from "./management/management.ts";
import type { ManagementCall } from "./management/method.ts";
import { type Query, runQuery } from "./query.ts";
import { type Executed, Scheduler } from "./scheduler.ts";
import { Autosave } from "./state/autosave.ts";
import { StateFolder } from "./state/state-folder.ts";
import type { CallResult, CanisterState, Ingress, Replica } from "./types.ts";

export interface ReplicaOptions {
  /** Folder that keeps the canisters over restarts; without one they live as long as the replica. */
  state?: string;
  subnetId: Uint8Array;
  instructionLimits?: Partial<InstructionLimits>;
  /** Told what each message took. */
  onExecuted?: (execution: Executed) => void;
  /** Nanoseconds since 1970; by default the system's clock. */
  now?: () => bigint;
}

const systemTime = () => BigInt(Date.now()) * 1_000_000n;

/**
 * Starts a replica with the canisters of its state folder, or with none.
 *
 * What differs from the platform: while it is off nothing is charged; messages run one at a time, in the order of their arrival; there is one subnet. A restart keeps canisters
 * as they were at the last save (half a second after a change, on `flush`, at the end), but not calls under way:
 * their callbacks never run.
 * @throws LocalnetError STATE_UNREADABLE
 */
export async function createReplica(options: ReplicaOptions): Promise<Replica> {
  if (options.state === undefined) return new LocalReplica(options, new CanisterRegistry());
  const { folder, registry } = await StateFolder.open(options.state);
  return new LocalReplica(options, registry, new Autosave(folder, registry));
}

class LocalReplica implements Replica {
  readonly #registry: CanisterRegistry;
  readonly #limits: InstructionLimits;
  readonly #now: () => bigint;
  readonly #scheduler: Scheduler;
  readonly #management: Management;
  readonly #clock: Clock;
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
    this.#management = new Management({
      registry,
      limits,
      now,
      scheduler: () => this.#scheduler,
      charge: (canister) => this.#charge(canister),
      onExecuted,
    });
    this.#scheduler = new Scheduler({
      registry,
      limits,
      now,
      manage: (request, answer) =>
        this.#management.execute({ ...request, origin: request.origin.kind }, answer),
      charge: (canister) => this.#charge(canister),
      onExecuted,
      onProgress: () => {
        this.#clock.reschedule();
        autosave?.touch();
      },
    });
    this.#onExecuted = onExecuted;
    this.#clock = new Clock(registry, now, {
      wake: (task) => this.#scheduler.enqueue(task),
      charge: (canister) => this.#charge(canister),
    });
    this.#clock.reschedule();
  }

  /** "The canister is uninstalled" when it has nothing left to pay with. */
  #charge(canister: Canister): void {
    if (chargeIdle(canister, this.#now()) === "paid" || !canister.program) return;
    uninstall(canister);
    canister.chunks = new Map();
    canister.snapshots = [];
    this.#scheduler.abandon(canister.id);
  }

  async inspect(ingress: Ingress): Promise<Rejection | undefined> {
    const { sender: caller, canisterId, method, arg } = ingress;
    if (canisterId.length === 0) return this.#management.inspect(managementCall(ingress));
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
    return reject(errorCodes.canisterRejected, `Canister ${textOf(canisterId)} rejected the message`);
  }

  update({ sender, canisterId, method, arg }: Ingress): Promise<CallResult> {
    return new Promise((respond) => {
      this.#scheduler.enqueue({
        kind: "request",
        origin: { kind: "ingress", respond },
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
    const manage = ({ caller, method, arg }: Query) =>
      this.#management.query({ origin: "ingress", caller, method, arg, cycles: 0n });
    const world = {
      registry: this.#registry,
      limit: this.#limits.query,
      time: this.#now(),
      manage,
      onExecuted: this.#onExecuted,
    };
    return runQuery(world, { caller, callee, method, arg, dataCertificate });
  }

  canister(id: Uint8Array): CanisterState | undefined {
    const canister = this.#registry.get(id);
    return canister && stateOf(canister);
  }

  canisterIds(): Uint8Array[] {
    return this.#registry
      .all()
      .map(({ id }) => id)
      .sort(Buffer.compare);
  }

  async flush(): Promise<void> {
    await this.#autosave?.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#clock.stop();
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
