import type { Canister } from "../canister/canister.ts";
import { errorCodes, type Rejection, reject, textOf } from "../canister/trap.ts";
import type { CanisterRegistry } from "./canister-registry.ts";

/** A canister that can run a message, or a rejection with the reason. */
export function admit(
  registry: CanisterRegistry,
  id: Uint8Array,
): { canister: Canister; program: NonNullable<Canister["program"]> } | { rejection: Rejection } {
  const canister = registry.get(id);
  if (!canister)
    return { rejection: reject(errorCodes.canisterNotFound, `Canister ${textOf(id)} not found`) };
  if (canister.status === "stopped") {
    return { rejection: reject(errorCodes.stopped, `Canister ${textOf(id)} is stopped`) };
  }
  if (canister.status === "stopping") {
    return { rejection: reject(errorCodes.stopping, `Canister ${textOf(id)} is stopping`) };
  }
  const { program } = canister;
  if (!program) {
    const message = "Attempted to execute a message, but the canister contains no Wasm module.";
    return { rejection: reject(errorCodes.moduleNotFound, `Error from Canister ${textOf(id)}: ${message}`) };
  }
  return { canister, program };
}

export function noSuchMethod(id: Uint8Array, kind: "update" | "query", method: string): Rejection {
  const message = `Canister has no ${kind} method '${method}'.`;
  return reject(errorCodes.methodNotFound, `Error from Canister ${textOf(id)}: ${message}`);
}

export function didNotReply(id: Uint8Array): Rejection {
  return reject(
    errorCodes.didNotReply,
    `Error from Canister ${textOf(id)}: Canister did not reply to the call`,
  );
}
