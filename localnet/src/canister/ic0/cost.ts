import { callCost, outcallFee } from "../../cycles/fees.ts";
import { prices } from "../../cycles/prices.ts";
import { type Address, type Imports, type Machine, writeAmount } from "./machine.ts";

/** The part of the system API that returns prices. */
export function costImports(
  machine: Machine,
): Imports<"cost_call" | "cost_create_canister" | "cost_http_request"> {
  return {
    cost_call: (method: bigint, payload: bigint, pointer: Address) => {
      const bytes = Number(BigInt.asUintN(64, method) + BigInt.asUintN(64, payload));
      const address = typeof machine.address(0) === "bigint" ? "i64" : "i32";
      writeAmount(machine, pointer, callCost(bytes, address));
    },
    cost_create_canister: (pointer: Address) => writeAmount(machine, pointer, prices.creation),
    cost_http_request: (request: bigint, response: bigint, pointer: Address) => {
      const fee = outcallFee(Number(BigInt.asUintN(64, request)), BigInt.asUintN(64, response));
      writeAmount(machine, pointer, fee);
    },
  };
}
