import { IDL } from "@dfinity/candid";
import { errorCodes, reject, textOf } from "../../canister/trap.ts";
import { keyOf } from "../canister-registry.ts";
import { Refusal } from "../management/refusal.ts";
import type { Answer } from "../scheduler.ts";
import type { CallResult, CanisterState } from "../types.ts";
import { cyclesLedger } from "./cycles-ledger.ts";
import { cyclesMinting } from "./cycles-minting.ts";
import type { SystemCall, SystemCanister, SystemMethod, SystemParts } from "./system-canister.ts";

/** A call of one of the network's own canisters. */
export interface SystemRequest extends SystemCall {
  method: string;
  arg: Uint8Array;
}

/** The canisters that are part of the network, with their mainnet ids. */
export class SystemCanisters {
  readonly #canisters: ReadonlyMap<string, SystemCanister>;

  constructor(parts: SystemParts) {
    const all = [cyclesMinting(parts), cyclesLedger(parts)];
    this.#canisters = new Map(all.map((canister) => [keyOf(canister.id), canister]));
  }

  find(id: Uint8Array): SystemCanister | undefined {
    return this.#canisters.get(keyOf(id));
  }

  ids(): Uint8Array[] {
    return [...this.#canisters.values()].map(({ id }) => id);
  }

  /** Its entry in the certified state: no module, and its interface as public metadata. */
  state({ id, methods }: SystemCanister): CanisterState {
    const content = new TextEncoder().encode(candidOf(methods));
    const metadata = new Map([["candid:service", { visibility: "public", content }] as const]);
    return { id, controllers: [], certifiedData: new Uint8Array(), metadata };
  }
}

/** Runs a method and refunds the cycles that it does not keep. */
export function runSystemMethod(canister: SystemCanister, request: SystemRequest, answer: Answer): void {
  const { method: name, arg, ...call } = request;
  const method = Object.hasOwn(canister.methods, name) ? canister.methods[name] : undefined;
  if (!method || (call.origin === "query" && method.kind === "update")) {
    const kind = call.origin === "query" ? "query" : "update";
    const message = `Error from Canister ${textOf(canister.id)}: Canister has no ${kind} method '${name}'.`;
    answer(reject(errorCodes.methodNotFound, message), call.cycles);
    return;
  }
  try {
    const args = IDL.decode(method.arg, arg) as never[];
    const { reply, kept = 0n } = method.run(args, call);
    const bytes = new Uint8Array(IDL.encode(method.reply, reply));
    answer({ status: "replied", reply: bytes }, call.cycles - kept);
  } catch (error) {
    const code = error instanceof Refusal ? error.errorCode : errorCodes.calledTrap;
    const message = `Error from Canister ${textOf(canister.id)}: ${(error as Error).message}`;
    answer(reject(code, message), call.cycles);
  }
}

export function querySystemMethod(canister: SystemCanister, request: SystemRequest): CallResult {
  let result: CallResult | undefined;
  runSystemMethod(canister, request, (answered) => {
    result = answered;
  });
  return result!;
}

function candidOf(methods: Readonly<Record<string, SystemMethod>>): string {
  const lines = Object.entries(methods).map(([name, { kind, arg, reply }]) => {
    const types = (list: IDL.Type[]) => list.map((type) => type.display()).join(", ");
    return `  ${name} : (${types(arg)}) -> (${types(reply)})${kind === "query" ? " query" : ""};`;
  });
  return `service : {\n${lines.join("\n")}\n}\n`;
}
