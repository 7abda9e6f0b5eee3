import type { CallResult, CanisterState, Ingress, Replica } from "../src/replica/types.ts";

/** A method in TypeScript, where the real replica runs Wasm. */
export type Method = (call: { ingress: Ingress; certificate: Uint8Array | undefined }) => CallResult;

export interface InMemoryCanister extends CanisterState {
  updates: Record<string, Method>;
  queries: Record<string, Method>;
}

export function replied(reply: Uint8Array): CallResult {
  return { status: "replied", reply };
}

export function rejected(code: 3 | 4 | 5, message: string, errorCode: string) {
  return { status: "rejected", code, message, errorCode } as const;
}

/** A canister that has nothing but what is given. */
export function inMemoryCanister(index: number, given: Partial<InMemoryCanister> = {}): InMemoryCanister {
  const id = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, index, 1, 1);
  return {
    id,
    controllers: [],
    certifiedData: new Uint8Array(),
    metadata: new Map(),
    updates: {},
    queries: {},
    ...given,
  };
}

/** The contract of a replica, in a few lines: so that the HTTP side is tested by itself. */
export function inMemoryReplica(canisters: InMemoryCanister[]): Replica {
  const find = (id: Uint8Array) => canisters.find((canister) => Buffer.compare(canister.id, id) === 0);
  const run = (
    ingress: Ingress,
    certificate: Uint8Array | undefined,
    kind: "updates" | "queries",
  ): CallResult => {
    const canister = find(ingress.canisterId);
    if (!canister) return rejected(3, "Canister not found", "IC0301");
    const method = canister[kind][ingress.method];
    if (!method) return rejected(5, `Canister has no ${kind} method '${ingress.method}'.`, "IC0536");
    return method({ ingress, certificate });
  };
  return {
    async inspect({ canisterId }) {
      return find(canisterId) ? undefined : rejected(3, "Canister not found", "IC0301");
    },
    async update(ingress) {
      return run(ingress, undefined, "updates");
    },
    async query(ingress, certificate) {
      return run(ingress, certificate, "queries");
    },
    isAvailable: () => true,
    canister: find,
    canisterIds: () => canisters.map(({ id }) => id),
    async flush() {},
    async [Symbol.asyncDispose]() {},
  };
}
