import { Actor, type HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";

interface Management {
  provisional_create_canister_with_cycles(argument: object): Promise<{ canister_id: Principal }>;
  install_code(argument: object): Promise<void>;
}

const interfaceOf: IDL.InterfaceFactory = ({ IDL }) =>
  IDL.Service({
    provisional_create_canister_with_cycles: IDL.Func(
      [IDL.Record({ amount: IDL.Opt(IDL.Nat) })],
      [IDL.Record({ canister_id: IDL.Principal })],
      [],
    ),
    install_code: IDL.Func(
      [
        IDL.Record({
          mode: IDL.Variant({ install: IDL.Null, reinstall: IDL.Null }),
          canister_id: IDL.Principal,
          wasm_module: IDL.Vec(IDL.Nat8),
          arg: IDL.Vec(IDL.Nat8),
        }),
      ],
      [],
      [],
    ),
  });

/**
 * Creates a canister of the agent's identity and installs a module that takes no argument.
 * @param near any id of the subnet that it is to be on
 */
export async function installCanister(
  agent: HttpAgent,
  wasm: Uint8Array,
  near: Principal = anyCanister,
): Promise<Principal> {
  const management = Actor.createActor<Management>(interfaceOf, {
    agent,
    canisterId: Principal.managementCanister(),
    // "the effective canister id is the canister_id in the argument", and any where there is none.
    callTransform: (_method, [argument]) => ({
      effectiveCanisterId: (argument as { canister_id?: Principal }).canister_id ?? near,
    }),
  });
  const { canister_id } = await management.provisional_create_canister_with_cycles({ amount: [] });
  const arg = IDL.encode([], []);
  await management.install_code({ mode: { install: null }, canister_id, wasm_module: wasm, arg });
  return canister_id;
}

const anyCanister = Principal.fromText("rwlgt-iiaaa-aaaaa-aaaaa-cai");
