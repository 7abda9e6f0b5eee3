import type { IDL } from "@dfinity/candid";
import type { CanisterRegistry } from "../canister-registry.ts";
import type { SubnetList } from "../subnet-list.ts";

/** What system canisters need. */
export interface SystemParts {
  registry: CanisterRegistry;
  subnets: SubnetList;
  /** Nanoseconds since 1970. */
  now: () => bigint;
}

/** A call's origin, as a system canister sees it. */
export interface SystemCall {
  caller: Uint8Array;
  origin: "ingress" | "call" | "query";
  /** Cycles that come with it. */
  cycles: bigint;
}

/** The values of the reply, and the cycles that are kept; all others go back. */
export interface SystemReply {
  reply: unknown[];
  kept?: bigint;
}

export interface SystemMethod {
  kind: "query" | "update";
  arg: IDL.Type[];
  reply: IDL.Type[];
  /** @throws Refusal to reject */
  run: (args: never[], call: SystemCall) => SystemReply;
}

/** A canister that is part of the network; its methods are written in TypeScript. */
export interface SystemCanister {
  id: Uint8Array;
  methods: Readonly<Record<string, SystemMethod>>;
}

/** A method with the type of its first argument, which Candid has checked. */
export function method<Arg>(
  kind: SystemMethod["kind"],
  arg: IDL.Type[],
  reply: IDL.Type[],
  run: (arg: Arg, call: SystemCall) => SystemReply,
): SystemMethod {
  return { kind, arg, reply, run: ([first]: never[], call) => run(first as Arg, call) };
}
