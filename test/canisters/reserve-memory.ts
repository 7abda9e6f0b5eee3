import { Actor, type HttpAgent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";

/** A canister pays from now on for so much memory, as if it held it. Bytes. */
export async function reserveMemory(agent: HttpAgent, canister: string, bytes: bigint): Promise<void> {
  type Settings = { canister_id: Principal; settings: { memory_allocation: [bigint] } };
  const platform = Actor.createActor<{ update_settings: (change: Settings) => Promise<void> }>(
    ({ IDL }) => {
      const settings = IDL.Record({ memory_allocation: IDL.Opt(IDL.Nat) });
      const change = IDL.Record({ canister_id: IDL.Principal, settings });
      return IDL.Service({ update_settings: IDL.Func([change], [], []) });
    },
    {
      agent,
      canisterId: Principal.managementCanister(),
      effectiveCanisterId: Principal.fromText(canister),
    },
  );
  const canister_id = Principal.fromText(canister);
  await platform.update_settings({ canister_id, settings: { memory_allocation: [bytes] } });
}
