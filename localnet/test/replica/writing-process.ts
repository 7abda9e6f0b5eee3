import { once } from "node:events";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { createReplica } from "../../src/replica/replica.ts";
import { actorOf, deploy } from "./local-canisters.ts";

const pair = IDL.Record({ onHeap: IDL.Nat64, inRegion: IDL.Nat64 });

/** Changes a canister without end and says after each answer what was answered; to be killed. */
const [state = "", id = ""] = process.argv.slice(2);
const [wasm] = await once(process, "message");
const replica = await createReplica({ subnetId: new Uint8Array(29), state });
const actor = id ? actorOf(replica, Principal.fromText(id)) : await deploy(replica, wasm);
const answered = (await actor.query("both", [], [pair])).onHeap;
for (let count = answered; ; count += 5n) {
  const changes = Array.from({ length: 5 }, () => actor.update("advance", [], []));
  await Promise.all(changes);
  process.send!({ id: actor.id.toText(), answered: count + 5n });
}
